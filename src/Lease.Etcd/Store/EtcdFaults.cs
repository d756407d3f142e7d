using System;
using System.Threading.Tasks;
using Grpc.Core;
using Overlay.Lease.Etcd.Client;

namespace Overlay.Lease.Etcd.Store;

/// <summary>What a failed call to etcd means for the user of a lease store.</summary>
internal static class EtcdFaults
{
    internal const string FullRemedy =
        "compact and defragment it, then clear the alarm with: etcdctl alarm disarm";

    /// <summary>Does something with etcd, its failures told as a lease store's.</summary>
    /// <param name="purpose">What is done, after "cannot".</param>
    /// <param name="work">Does it.</param>
    /// <param name="keys">For the remedy.</param>
    /// <exception cref="LeaseStoreException">etcd did not do it, or it is unknown whether it did.</exception>
    internal static async Task<T> ExplainedAsync<T>(string purpose, Func<Task<T>> work, EtcdKeys keys)
    {
        try
        {
            return await work();
        }
        catch (EtcdException problem)
        {
            throw Explain(purpose, problem, keys);
        }
    }

    /// <param name="purpose">What could not be done, after "cannot".</param>
    /// <param name="e">Why.</param>
    /// <param name="keys">For the remedy.</param>
    internal static LeaseStoreException Explain(string purpose, EtcdException e, EtcdKeys keys)
    {
        string text = $"cannot {purpose}: {e.Message}";
        if (e.IsFull)
        {
            return new LeaseStoreNotReadyException($"{text}; {FullRemedy}", e);
        }

        if (e.IsNotReady)
        {
            return new LeaseStoreNotReadyException(text, e);
        }

        string? remedy = e switch
        {
            { Code: StatusCode.PermissionDenied } =>
                $"allow it: etcdctl role grant-permission ROLE readwrite --prefix {keys.Prefix}/",
            { Failure: EtcdFailure.Untrusted } => "check --etcd-cafile, --etcd-certfile and --etcd-keyfile",
            { Failure: EtcdFailure.Refused, Endpoint: not null } => "check --etcd-username and --etcd-password-file",
            _ => null,
        };
        return new LeaseStoreException(remedy is null ? text : $"{text}; {remedy}", e);
    }
}
