using System;
using System.Collections.Immutable;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease.Etcd.Client;
using Overlay.Lease.Judging;
using Overlay.Lease.StoreKit;
using Overlay.Net;

namespace Overlay.Lease.Etcd.Store;

/// <summary>
/// Takes, renews and gives back our own lease, and remembers which it is. One operation at a time; <see cref="Own"/>
/// may be read by any thread.
/// </summary>
internal sealed class OwnLeaseKeeper(
    EtcdClient client, EtcdKeys keys, EtcdLeaseWriter writer, TimeProvider clock, Action<string> warn, Random random)
{
    // Each lost race means that somebody else has won one: with so many hosts starting at once there is work left for
    // none.
    private const int MostAttempts = 20;

    private static readonly TimeSpan s_longestJitter = TimeSpan.FromMilliseconds(20);

    private readonly WarnOnce _untilTaken = new(warn);

    private volatile OwnLease? _own;
    private volatile NetworkConfig? _config;
    private bool _fullIsTold;

    /// <summary>The lease we hold; null before the first was taken or renewed.</summary>
    internal OwnLease? Own => _own;

    /// <summary>Tells our own writes from those of others.</summary>
    internal ImmutableHashSet<long> Grants => writer.Grants;

    /// <summary>What leases are judged by.</summary>
    internal void Use(NetworkConfig config) => _config = config;

    /// <exception cref="EtcdException">etcd fails.</exception>
    /// <exception cref="LeaseStoreException">No subnet is free.</exception>
    internal async Task<AcquiredLease> AcquireAsync(
        NetworkConfig config, LeaseRequest request, CancellationToken cancellation)
    {
        for (int attempt = 1; attempt <= MostAttempts; attempt++)
        {
            EtcdListing listing = await ListAsync(cancellation);
            var choice = AcquireChoice.Make(listing.Survey(config), config, request, random, _untilTaken.Warn);
            foreach (StoredLease obsolete in choice.Obsolete)
            {
                await writer.DeleteAsync((EtcdLease)obsolete, cancellation);
            }

            if (choice.Subnet is not { } subnet)
            {
                throw AcquireRules.OutOfSubnets(config, $"below {keys.Subnets}", keys.Config);
            }

            var own = choice.Own as EtcdLease;
            var lease = new SubnetLease(subnet, request.Attributes, DateTimeOffset.MaxValue);
            if (await WriteAsync(lease, own, own is { IsReservation: true }, cancellation) is { } written
                && (own is not null || await CountsAsync(lease, config, cancellation)))
            {
                _own = new OwnLease(
                    subnet, request.PublicIp, written.ModRevision, listing.ClusterId, own is { IsReservation: true });
                _untilTaken.Forget();
                return new AcquiredLease(lease with { Expires = written.Expires }, IsNew: own is null);
            }

            await PauseAsync(cancellation);
        }

        throw new LeaseStoreNotReadyException(
            $"no lease could be taken: each of {MostAttempts} choices below {keys.Subnets} was taken by another host "
                + "first");
    }

    /// <exception cref="EtcdException">etcd fails.</exception>
    /// <exception cref="LeaseLostException">The subnet is not ours any longer.</exception>
    internal async Task<SubnetLease> RenewAsync(SubnetLease own, CancellationToken cancellation)
    {
        OwnLease held = Held(own);
        for (int attempt = 1; attempt <= MostAttempts; attempt++)
        {
            EtcdListing listing = await ListAsync(cancellation);
            held = held.AgainstStore(listing.ClusterId, listing.Revision);
            _own = held;
            EtcdLease? found = listing.Find(own.Subnet);
            OwnVerdict verdict = held.VerdictOn(found, Grants);
            StoredLease? rival = RivalIn(listing, own.Subnet, found);
            if (OwnLeaseTrouble.Describe(held, verdict, found, rival, keys) is { } trouble
                && verdict != OwnVerdict.Unreadable)
            {
                string? rest = rival is null
                    || found is null ? null : await GiveUpAsync(held, verdict, found, cancellation);
                throw new LeaseLostException(trouble + rest);
            }

            bool isReserved = verdict == OwnVerdict.Reserved || (verdict == OwnVerdict.Unreadable && held.IsReserved);
            if (await WriteAsync(own, found, isReserved, cancellation) is not { } written)
            {
                await PauseAsync(cancellation);
                continue;
            }

            _own = held with { ModRevision = written.ModRevision, IsReserved = isReserved };
            if (found is null && _config is { } config && !await CountsAsync(own, config, cancellation))
            {
                continue; // the next look says who was faster
            }

            return own with { Expires = written.Expires };
        }

        throw new LeaseStoreNotReadyException(
            $"the lease {own.Subnet} could not be renewed: {keys.Of(own.Subnet)} has changed {MostAttempts} times "
                + "meanwhile");
    }

    /// <summary>Removes our lease if it still is ours; a reservation stays.</summary>
    /// <exception cref="EtcdException">etcd fails.</exception>
    internal async Task ReleaseAsync(SubnetLease own, CancellationToken cancellation)
    {
        OwnLease held = Held(own);
        EtcdListing listing = await ListAsync(cancellation);
        held = held.AgainstStore(listing.ClusterId, listing.Revision);
        if (listing.Find(own.Subnet) is { } found && held.VerdictOn(found, Grants) == OwnVerdict.Ours)
        {
            await writer.DeleteAsync(found, cancellation);
        }

        _own = null;
    }

    // An older lease overlaps ours: what is left behind would stand in the way of it, or of whoever gets the subnet
    // next.
    /// <returns>What stays, for the end of a message; null when nothing does that anybody has to know of.</returns>
    private async Task<string?> GiveUpAsync(
        OwnLease held, OwnVerdict verdict, EtcdLease found, CancellationToken cancellation)
    {
        string key = keys.Of(held.Name);
        if (verdict == OwnVerdict.Reserved)
        {
            return $"; the reservation {key} stays until it is removed: overlay lease remove {held.Subnet}";
        }

        if (verdict != OwnVerdict.Ours || !held.IsKnown(found, Grants))
        {
            return null;
        }

        try
        {
            await writer.DeleteAsync(found, cancellation);
            return null;
        }
        catch (EtcdException problem)
        {
            return $"; {key} could not be removed and ends by itself: {problem.Message}";
        }
    }

    // A reservation of ours that says what we say is as good as written. One that does not is written without a time
    // to live, so that it stays a reservation.
    private async Task<WrittenLease?> WriteAsync(
        SubnetLease lease, EtcdLease? found, bool isReserved, CancellationToken cancellation)
    {
        if (isReserved && found is not null)
        {
            return found.IsReadable && found.Lease?.Attributes == lease.Attributes
                ? new WrittenLease(found.ModRevision, DateTimeOffset.MaxValue)
                : await writer.PutBackAsync(lease.Subnet, lease.Attributes, found, cancellation);
        }

        try
        {
            WrittenLease? written = await writer.PutAsync(lease.Subnet, lease.Attributes, found, cancellation);
            _fullIsTold = false;
            return written;
        }
        catch (EtcdException problem) when (problem.IsFull && found is { LeaseId: not 0 })
        {
            if (await writer.KeepAliveAsync(found, cancellation) is not { } kept)
            {
                throw;
            }

            if (!_fullIsTold)
            {
                _fullIsTold = true;
                warn(
                    $"etcd takes no writes, so the lease {lease.Subnet} is only kept alive: {problem.Message}; "
                        + $"{EtcdFaults.FullRemedy}");
            }

            return kept;
        }
    }

    // Two hosts with different configs can make leases that overlap. The one made first stays; the other is given back.
    private async Task<bool> CountsAsync(SubnetLease lease, NetworkConfig config, CancellationToken cancellation)
    {
        EtcdListing listing = await ListAsync(cancellation);
        if (listing.Find(lease.Subnet) is not { } made || !Grants.Contains(made.LeaseId))
        {
            return false;
        }

        foreach (StoredLease counting in listing.Survey(config).Counting)
        {
            if (counting == made)
            {
                return true;
            }
        }

        await writer.DeleteAsync(made, cancellation);
        return false;
    }

    private StoredLease? RivalIn(EtcdListing listing, Ipv4Prefix subnet, EtcdLease? found)
    {
        if (_config is not { } config)
        {
            return null;
        }

        foreach (StoredLease counting in listing.Survey(config).Counting)
        {
            if (counting != found && counting.Lease is { } lease && lease.Subnet.Overlaps(subnet))
            {
                return counting;
            }
        }

        return null;
    }

    private OwnLease Held(SubnetLease own) =>
        _own is { } known
            && known.Subnet == own.Subnet
            && known.PublicIp == own.PublicIp ? known : OwnLease.Claimed(own);

    private Task<EtcdListing> ListAsync(CancellationToken cancellation) =>
        EtcdListing.ReadAsync(client, keys, _ => null, cancellation);

    private Task PauseAsync(CancellationToken cancellation) =>
        Task.Delay(s_longestJitter * random.NextDouble(), clock, cancellation);
}
