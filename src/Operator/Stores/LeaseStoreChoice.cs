using Overlay.Lease.Etcd.Client;
using Overlay.Lease.Kubernetes.Access;

namespace Overlay.Operator.Stores;

/// <summary>Which lease store was asked for; complete, and without contradiction.</summary>
public abstract record LeaseStoreChoice
{
    private LeaseStoreChoice()
    {
    }

    /// <summary>Files in a directory that all hosts share.</summary>
    /// <param name="Directory">Absolute.</param>
    public sealed record Files(string Directory) : LeaseStoreChoice;

    /// <summary>etcd, under flannel's keys.</summary>
    /// <param name="Options">How it is reached. A password is not in the text of this record.</param>
    /// <param name="Prefix">What config and leases are under, as it was given.</param>
    public sealed record Etcd(EtcdOptions Options, string Prefix) : LeaseStoreChoice;

    /// <summary>The Kubernetes API, under flannel's annotations.</summary>
    /// <param name="Options">How it is reached, and which node is this host's.</param>
    public sealed record Kubernetes(KubeOptions Options) : LeaseStoreChoice;
}
