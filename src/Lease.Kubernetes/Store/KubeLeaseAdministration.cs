using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease.Judging;
using Overlay.Lease.Kubernetes.Access;
using Overlay.Lease.Kubernetes.Client;
using Overlay.Lease.Kubernetes.Nodes;
using Overlay.Net;

namespace Overlay.Lease.Kubernetes.Store;

/// <summary>
/// The leases in the Kubernetes API as an operator sees them. They can be looked at; whose subnets they are is the
/// cluster's to change.
/// </summary>
public sealed class KubeLeaseAdministration : ILeaseAdministration
{
    private readonly KubeOptions _options;
    private readonly ApiAccess _access;
    private readonly ApiClient _client;

    /// <summary>Reads the kubeconfig and certificates; the API server is asked nothing yet.</summary>
    /// <param name="options">How it is reached.</param>
    /// <param name="clock">Dates what was asked.</param>
    /// <exception cref="LeaseStoreException">There is no way to the API server, or a file cannot be used.</exception>
    public KubeLeaseAdministration(KubeOptions options, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _access = ApiAccess.Of(options);
        _client = new ApiClient(
            _access, options, new StoreCounts(clock) { Service = StoreService.Kubernetes });
        Description = KubeLeaseStore.DescriptionOf(_access, options);
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public async Task<string?> ReadConfigTextAsync(CancellationToken cancellation) =>
        await KubeConfigFile.ReadTextAsync(_options.ConfigPath, cancellation);

    /// <inheritdoc/>
    public Task WriteConfigTextAsync(string json, string? replacing, CancellationToken cancellation) =>
        throw new LeaseStoreException(
            $"the network config is the file {_options.ConfigPath} of a ConfigMap, which is not written here; change "
                + "that with: kubectl edit configmap");

    /// <inheritdoc/>
    public Task<IReadOnlyList<LeaseEntry>> ListAsync(NetworkConfig? config, CancellationToken cancellation) =>
        KubeFaults.ExplainedAsync("list the nodes", _access.Source, () => ListNodesAsync(config, cancellation));

    /// <inheritdoc/>
    public Task<LeaseReservation> ReserveAsync(
        NetworkConfig config, Ipv4Prefix subnet, Ipv4Address publicIp, CancellationToken cancellation) =>
        throw new LeaseStoreException(
            $"{subnet} cannot be reserved: a subnet is a node's podCIDR, which kube-controller-manager gives out");

    /// <inheritdoc/>
    public Task<LeaseEntry?> RemoveAsync(string name, CancellationToken cancellation) =>
        throw new LeaseStoreException(
            $"{name} cannot be removed: a lease lasts as long as its node; remove that with: kubectl delete node");

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<IReadOnlyList<LeaseEntry>> ListNodesAsync(
        NetworkConfig? config, CancellationToken cancellation)
    {
        // Without a config only what lies outside of it cannot be told.
        NetworkConfig network = config ?? NetworkConfig.Parse("""{"Network":"0.0.0.0/0"}""");
        List<StoredLease> entries = [];
        string? next = null;
        do
        {
            NodePage page = await _client.ListNodesAsync(next, cancellation);
            foreach (NodeRecord node in page.Nodes)
            {
                if (node.Annotations.IsManaged)
                {
                    entries.Add(Named(NodeLease.Of(node, network, own: null, before: null)));
                }
            }

            next = page.Continue;
        }
        while (next is not null);

        LeaseSurvey? survey = config is null
            ? null
            : LeaseJudge.Judge(entries, config, DateTimeOffset.MinValue, NodeTable.Noun);
        return LeaseEntries.Of(entries, survey, _ => null);
    }

    // An operator reads an entry by its subnet.
    private static StoredLease Named(NodeLease node) => new(node.Name)
    {
        Key = node.Lease is { } lease ? new SubnetKey(lease.Subnet) : null,
        Lease = node.Lease,
        Defect = node.Defect,
        Created = node.Created,
    };
}
