using System;
using Overlay.Lease;
using Overlay.Lease.Etcd.Store;
using Overlay.Lease.Kubernetes.Store;
using Overlay.Lease.Stores;

namespace Overlay.Operator.Stores;

/// <summary>Makes the lease store that was asked for.</summary>
public static class LeaseStoreFactory
{
    /// <summary>Names the store; nothing is read from it or connected yet.</summary>
    /// <param name="choice">Which.</param>
    /// <param name="clock">Decides expiry.</param>
    /// <param name="warn">Gets one line for each thing passed over, from any thread.</param>
    /// <exception cref="LeaseStoreException">It cannot be made of what was given.</exception>
    public static ILeaseStore Open(LeaseStoreChoice choice, TimeProvider clock, Action<string> warn) => choice switch
    {
        LeaseStoreChoice.Files files => new FileLeaseStore(
            files.Directory, clock, warn, random: null, new FileNodes()),
        LeaseStoreChoice.Etcd etcd => new EtcdLeaseStore(etcd.Options, etcd.Prefix, clock, warn),
        LeaseStoreChoice.Kubernetes kubernetes => new KubeLeaseStore(kubernetes.Options, clock, warn),
        _ => throw new ArgumentOutOfRangeException(nameof(choice), choice, "not a lease store"),
    };

    /// <summary>Names the store as an operator sees it; nothing is read or connected yet.</summary>
    /// <param name="choice">Which.</param>
    /// <param name="clock">Decides expiry.</param>
    /// <exception cref="LeaseStoreException">It cannot be made of what was given.</exception>
    public static ILeaseAdministration OpenAdministration(
        LeaseStoreChoice choice, TimeProvider clock) => choice switch
    {
        LeaseStoreChoice.Files files => new FileLeaseAdministration(files.Directory, clock, new FileNodes()),
        LeaseStoreChoice.Etcd etcd => new EtcdLeaseAdministration(etcd.Options, etcd.Prefix, clock),
        LeaseStoreChoice.Kubernetes kubernetes => new KubeLeaseAdministration(kubernetes.Options, clock),
        _ => throw new ArgumentOutOfRangeException(nameof(choice), choice, "not a lease store"),
    };
}
