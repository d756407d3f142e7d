using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease.Judging;
using Overlay.Lease.Kubernetes.Access;
using Overlay.Lease.Kubernetes.Client;
using Overlay.Lease.Kubernetes.Nodes;
using Overlay.Lease.StoreKit;
using Overlay.Net;

namespace Overlay.Lease.Kubernetes.Store;

/// <summary>
/// Leases in the Kubernetes API, as stock's <c>--kube-subnet-mgr</c> keeps them: a node's podCIDR is its host's subnet,
/// and its annotations say how the host is reached. Which host has which subnet is the cluster's to say, so nothing is
/// taken, renewed or given back here: a lease lasts as long as its node.
/// </summary>
/// <remarks>Of the API nothing is written but the annotations and one condition of this host's node.</remarks>
public sealed class KubeLeaseStore : ILeaseStore
{
    private const string Patching = "write the annotations of the node";

    private readonly KubeOptions _options;
    private readonly ApiAccess _access;
    private readonly ApiClient _client;
    private readonly TimeProvider _clock;
    private readonly Action<string> _warn;
    private readonly Random _random;
    private readonly SemaphoreSlim _writing = new(1);

    private volatile OwnNode? _own;
    private volatile bool _isAnnounced;
    private volatile string? _nodeName;

    /// <summary>Reads the kubeconfig and certificates; the API server is asked nothing yet.</summary>
    /// <param name="options">How it is reached, and which node is this host's.</param>
    /// <param name="clock">Dates the condition and runs the waits.</param>
    /// <param name="warn">Gets one line for each thing passed over; called from any thread, one call at a time.</param>
    /// <param name="random">Varies the waits; null for unpredictable ones.</param>
    /// <exception cref="LeaseStoreException">There is no way to the API server, or a file cannot be used.</exception>
    public KubeLeaseStore(KubeOptions options, TimeProvider clock, Action<string> warn, Random? random = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(warn);
        _options = options;
        _clock = clock;
        _warn = Warnings.OneAtATime(warn);
        _random = random ?? new Random();
        _access = ApiAccess.Of(options);
        _client = new ApiClient(_access, options, new StoreCounts(clock) { Service = StoreService.Kubernetes });
        Description = DescriptionOf(_access, options);
    }

    /// <summary>
    /// How long a watch keeps to what it knows when a listing is without this host's own node: as long as that, another
    /// cluster, or an older state of this one, is likelier. Default 60 s.
    /// </summary>
    public TimeSpan StrangeStorePatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a podCIDR that is not assigned yet is looked for. Default 3 s.</summary>
    public TimeSpan AssignmentInterval { get; init; } = TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public StoreCounts Counts => _client.Counts;

    /// <inheritdoc/>
    public bool MayHold(NetworkConfig config, Ipv4Prefix subnet)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.Network.Contains(subnet);
    }

    /// <inheritdoc/>
    public Task<NetworkConfig> ReadConfigAsync(CancellationToken cancellation) =>
        KubeConfigFile.ReadAsync(_options.ConfigPath, cancellation);

    /// <inheritdoc/>
    public async Task<Ipv4Address?> FindPublicIpAsync(CancellationToken cancellation)
    {
        NodeRecord node = await GetOwnAsync("look for this host's node", cancellation);
        if (node.Annotations.Named is not { } text)
        {
            return null;
        }

        return Ipv4Address.TryParse(text, out Ipv4Address address) && LeaseJudge.FaultOfPublicIp(address) is null
            ? address
            : throw new LeaseStoreException(
                $"the annotation {_options.Keys.NodePublicIp} of the node {node.Name} is '{OneLine.Shorten(text)}', "
                    + "which is not one host's IPv4 address; correct it, or remove it");
    }

    /// <inheritdoc/>
    public async Task<AcquiredLease> AcquireAsync(
        NetworkConfig config, LeaseRequest request, CancellationToken cancellation)
    {
        AcquireRules.Check(config, request, _options.ConfigPath);
        await _writing.WaitAsync(cancellation);
        try
        {
            bool isSaid = false;
            while (true)
            {
                NodeRecord node = await GetOwnAsync("take a lease", cancellation);
                if (NodeLease.TryFindSubnet(node, config, out Ipv4Prefix subnet, out string? fault))
                {
                    await PublishAsync(node, request.Attributes, cancellation);
                    await AnnounceAgainAsync(cancellation);
                    return new AcquiredLease(NodeLease.LeaseOf(subnet, request.Attributes), IsNew: false);
                }

                if (node.PodCidr.Length > 0)
                {
                    throw new LeaseStoreException(fault ?? "");
                }

                // A node that was just registered has none for some seconds, where somebody gives them out at all.
                if (!isSaid)
                {
                    _warn($"{fault}; waiting for it");
                    isSaid = true;
                }

                await Task.Delay(AssignmentInterval, _clock, cancellation);
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <inheritdoc/>
    public async Task<SubnetLease?> FindOwnAsync(
        NetworkConfig config, LeaseRequest request, CancellationToken cancellation)
    {
        AcquireRules.Check(config, request, _options.ConfigPath);
        NodeRecord node = await GetOwnAsync("look for the own lease", cancellation);
        return node.Annotations.IsManaged ? NodeLease.Of(node, config, own: null, before: null).Lease : null;
    }

    /// <inheritdoc/>
    /// <remarks>The node's annotations are written where they differ.</remarks>
    public async Task<SubnetLease> RenewAsync(SubnetLease own, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(own);
        await _writing.WaitAsync(cancellation);
        try
        {
            NodeRecord node = await GetOwnAsync($"keep the lease {own.Subnet}", cancellation);
            if (node.PodCidr.Length == 0)
            {
                throw new LeaseStoreException($"{NodeLease.NotAssigned(node.Name)} any longer; {own.Subnet} is kept");
            }

            if (!node.PodCidrs.Any(cidr => Ipv4Prefix.TryParse(cidr, out Ipv4Prefix now) && now.Masked() == own.Subnet))
            {
                throw new LeaseLostException(
                    $"the node {node.Name} has the podCIDR {OneLine.Shorten(node.PodCidr)} in place of {own.Subnet}");
            }

            await PublishAsync(node, own.Attributes, cancellation);
            return NodeLease.LeaseOf(own.Subnet, own.Attributes);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <inheritdoc/>
    /// <remarks>Stock leaves its annotations, and so the routes of the peers, in place; so does this.</remarks>
    public Task ReleaseAsync(SubnetLease own, CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task AnnounceReadyAsync(CancellationToken cancellation)
    {
        if (_options.SetsNetworkUnavailable)
        {
            _isAnnounced = true;
            await ExplainedAsync("set NetworkUnavailable to False", async () => await _client.PatchNodeStatusAsync(
                await FindNodeNameAsync(cancellation), NodePatch.OfNetworkUp(_clock.GetUtcNow()), cancellation));
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LeaseUpdate> WatchAsync(
        NetworkConfig config, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(config);
        var table = new NodeTable(config, () => _own, _warn);
        await using var watch = new KubeLeaseWatch(
            _client, table, _options, _access.Source, _clock, _warn, new Random(_random.Next()))
        {
            StrangeStorePatience = StrangeStorePatience,
        };
        while (true)
        {
            yield return await watch.NextAsync(cancellation);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _writing.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The API server's URL.</summary>
    /// <exception cref="LeaseStoreException">There is none, or the file that has it cannot be used.</exception>
    public static Uri ServerOf(KubeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return ApiAccess.Of(options).Server;
    }

    /// <summary>For messages: <c>kubernetes:https://10.96.0.1</c>, and the prefix where it is not flannel's.</summary>
    internal static string DescriptionOf(ApiAccess access, KubeOptions options)
    {
        string server = access.Server.AbsoluteUri.TrimEnd('/');
        return options.Keys.Prefix == $"{AnnotationKeys.DefaultPrefix}/"
            ? $"kubernetes:{server}"
            : $"kubernetes:{server} {options.Keys.Prefix}";
    }

    // A node that was made anew under the same name has none of what was said of the one before.
    private async Task AnnounceAgainAsync(CancellationToken cancellation)
    {
        if (!_isAnnounced)
        {
            return;
        }

        try
        {
            await AnnounceReadyAsync(cancellation);
        }
        catch (LeaseStoreException problem)
        {
            _warn(problem.Message); // no reason to be without a lease
        }
    }

    private async Task PublishAsync(NodeRecord node, LeaseAttributes wanted, CancellationToken cancellation)
    {
        var own = new OwnNode(node.Name, wanted, _options.Keys);
        IReadOnlyList<(string Key, string Value)> differences = own.Differences(node.Annotations);
        if (differences.Count > 0)
        {
            await ExplainedAsync(
                $"{Patching} {node.Name}", () => _client.PatchNodeStatusAsync(
                    node.Name, NodePatch.OfAnnotations(differences), cancellation));
        }

        _own = own;
    }

    private async Task<NodeRecord> GetOwnAsync(string purpose, CancellationToken cancellation)
    {
        string name = await FindNodeNameAsync(cancellation);
        return await ExplainedAsync(purpose, () => _client.GetNodeAsync(name, cancellation));
    }

    private async Task<string> FindNodeNameAsync(CancellationToken cancellation)
    {
        if (_options.NodeName is { } given)
        {
            return given;
        }

        if (_nodeName is { } known)
        {
            return known;
        }

        if (_options.PodName is not { } pod || _options.PodNamespace is not { } space)
        {
            throw new LeaseStoreException(
                "env variables POD_NAME and POD_NAMESPACE must be set, or NODE_NAME to this node's name");
        }

        string node = await ExplainedAsync(
            $"find the node of the pod {space}/{pod}", () => _client.GetNodeOfPodAsync(space, pod, cancellation));
        _nodeName = node.Length > 0
            ? node
            : throw new LeaseStoreNotReadyException($"the pod {space}/{pod} is on no node yet");
        return node;
    }

    private Task<T> ExplainedAsync<T>(string purpose, Func<Task<T>> work) =>
        KubeFaults.ExplainedAsync(purpose, _access.Source, work);
}
