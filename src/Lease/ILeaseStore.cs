using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease;

/// <summary>Where the hosts of an overlay agree who owns which subnet.</summary>
/// <remarks>
/// Safe for several callers at once: a watch runs while the lease is renewed. Every failure is a
/// <see cref="LeaseStoreException"/> whose message is one line; cancellation is an
/// <see cref="OperationCanceledException"/>.
/// </remarks>
public interface ILeaseStore : IAsyncDisposable
{
    /// <summary>For messages: the kind of store and where it is, for example <c>file:/var/lib/overlay</c>.</summary>
    string Description { get; }

    /// <summary>Reads and checks the network config.</summary>
    /// <exception cref="LeaseStoreException">It is missing, unreadable or breaks a rule.</exception>
    Task<NetworkConfig> ReadConfigAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes a subnet: the one already held by this public address if the config allows it, else the previous one if it
    /// is free and allowed, else a free one. No two hosts get the same, however they race.
    /// </summary>
    /// <exception cref="LeaseStoreException">No subnet is free, the public address cannot be used, or the store
    /// fails.</exception>
    Task<SubnetLease> AcquireAsync(NetworkConfig config, LeaseRequest request, CancellationToken cancellationToken);

    /// <summary>Extends our lease by its full time to live. A lease that vanished is made again.</summary>
    /// <returns>The lease with its new expiry.</returns>
    /// <exception cref="LeaseLostException">Another owner holds the subnet; its lease is left alone.</exception>
    /// <exception cref="LeaseStoreException">The store fails; trying again later may help.</exception>
    Task<SubnetLease> RenewAsync(SubnetLease own, CancellationToken cancellationToken);

    /// <summary>Reports all leases, our own among them, until cancelled.</summary>
    /// <returns>First a snapshot, or a gap while the store cannot be read; then changes, gaps and further snapshots. A
    /// gap is always followed by a snapshot once the store can be read again. Failures of the store are gaps, not
    /// exceptions.</returns>
    IAsyncEnumerable<LeaseUpdate> WatchAsync(NetworkConfig config, CancellationToken cancellationToken);
}

/// <summary>Who asks for a subnet.</summary>
/// <param name="PublicIp">The address peers send to, host byte order. It is the host's identity in the store.</param>
/// <param name="PreviousSubnet">The subnet held before, for example from subnet.env; null when there is none.</param>
public sealed record LeaseRequest(uint PublicIp, Ipv4Prefix? PreviousSubnet);
