using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Net;

namespace Overlay.Lease;

/// <summary>What an operator does to a store: look at everything in it, and change single things on purpose.</summary>
/// <remarks>
/// No host's daemon uses it. Every change is made only if what it was decided by has not changed, so that it never
/// undoes what a host or another operator has done meanwhile. Failures are those of <see cref="ILeaseStore"/>.
/// </remarks>
public interface ILeaseAdministration : IAsyncDisposable
{
    /// <summary>For messages: the kind of store and where it is, for example <c>file:/var/lib/overlay</c>.</summary>
    string Description { get; }

    /// <summary>Reads the network config as it is stored, whether it is valid or not.</summary>
    /// <returns>Null when the store has none.</returns>
    /// <exception cref="LeaseStoreException">It cannot be read.</exception>
    Task<string?> ReadConfigTextAsync(CancellationToken cancellation);

    /// <summary>Replaces the network config.</summary>
    /// <param name="json">Written as it is, in UTF-8; not checked.</param>
    /// <param name="replacing">What <see cref="ReadConfigTextAsync"/> gave: null for none.</param>
    /// <param name="cancellation">Ends the wait for the store.</param>
    /// <exception cref="LeaseStoreException">The config is no longer <paramref name="replacing"/>, or the store
    /// fails.</exception>
    Task WriteConfigTextAsync(string json, string? replacing, CancellationToken cancellation);

    /// <summary>Every entry beside the config: good, bad and expired ones.</summary>
    /// <param name="config">Decides which entries count; null when there is none that is valid: then only entries that
    /// cannot be read have a fault.</param>
    /// <param name="cancellation">Ends the wait for the store.</param>
    /// <returns>By ascending address; entries that name no subnet last, by name.</returns>
    /// <exception cref="LeaseStoreException">The store cannot be read.</exception>
    Task<IReadOnlyList<LeaseEntry>> ListAsync(NetworkConfig? config, CancellationToken cancellation);

    /// <summary>
    /// Gives a host a subnet without end. Its own lease of that subnet, if there is one, loses its end.
    /// </summary>
    /// <param name="config">Must allow the subnet.</param>
    /// <param name="subnet">Without host bits.</param>
    /// <param name="publicIp">The host's identity.</param>
    /// <param name="cancellation">Ends the wait for the store.</param>
    /// <exception cref="LeaseStoreException">The config or the address does not allow it, another lease holds the
    /// subnet or a part of it, or the store fails.</exception>
    Task<LeaseReservation> ReserveAsync(
        NetworkConfig config, Ipv4Prefix subnet, Ipv4Address publicIp, CancellationToken cancellation);

    /// <summary>Removes one entry, whoever holds it and whether it can be read or not.</summary>
    /// <param name="name">As <see cref="LeaseEntry.Name"/> has it: of a subnet, <see cref="SubnetKey.Format"/>.</param>
    /// <param name="cancellation">Ends the wait for the store.</param>
    /// <returns>What was removed; null when there was none.</returns>
    /// <exception cref="LeaseStoreException">It changed meanwhile, or the store fails.</exception>
    Task<LeaseEntry?> RemoveAsync(string name, CancellationToken cancellation);
}

/// <summary>One entry of a store, as it was found.</summary>
/// <param name="Name">The file's name, or the last part of the key.</param>
/// <param name="Key">The subnet in the name; null when the name is not a lease's.</param>
/// <param name="Attributes">What the owner publishes; null when that cannot be read.</param>
/// <param name="Expires"><see cref="DateTimeOffset.MaxValue"/> for a reservation; null when it is not known.</param>
/// <param name="Fault">Why it does not count, with the value found and the remedy, in one line; null when it does. An
/// entry that has expired need not have one.</param>
public sealed record LeaseEntry(
    string Name, SubnetKey? Key, LeaseAttributes? Attributes, DateTimeOffset? Expires, string? Fault)
{
    /// <summary>Whether it has no end.</summary>
    public bool IsReservation => Expires == DateTimeOffset.MaxValue;
}

/// <summary>What <see cref="ILeaseAdministration.ReserveAsync"/> has come to.</summary>
public enum ReservationKind
{
    /// <summary>The subnet was free; the entry is new.</summary>
    Made,

    /// <summary>The host's own lease has lost its end.</summary>
    FromLease,

    /// <summary>It was reserved for this host before; nothing is changed.</summary>
    Unchanged,
}

/// <summary>A subnet that a host has without end.</summary>
/// <param name="Kind">Whether it is new.</param>
/// <param name="AlsoHeld">Another subnet the same host holds now, and gives up when it next takes its lease; null for
/// none.</param>
public sealed record LeaseReservation(ReservationKind Kind, Ipv4Prefix? AlsoHeld);
