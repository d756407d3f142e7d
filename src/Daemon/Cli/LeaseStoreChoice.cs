using Overlay.Lease.Etcd.Client;

namespace Overlay.Daemon.Cli;

/// <summary>Which lease store was asked for; complete, and without contradiction.</summary>
internal abstract record LeaseStoreChoice
{
    private LeaseStoreChoice()
    {
    }

    /// <summary>Files in a directory that all hosts share.</summary>
    /// <param name="Directory">Absolute.</param>
    internal sealed record Files(string Directory) : LeaseStoreChoice;

    /// <summary>etcd, under flannel's keys.</summary>
    /// <param name="Options">How it is reached. A password is not in the text of this record.</param>
    /// <param name="Prefix">What config and leases are under, as it was given.</param>
    internal sealed record Etcd(EtcdOptions Options, string Prefix) : LeaseStoreChoice;
}
