using System;
using Overlay.Net;

namespace Overlay.Lease.Judging;

/// <summary>
/// One version of one entry in a store's list of leases, as read: what the judge and the choice go by, whatever kind of
/// store it is. A store derives its own from it. Immutable as far as they are concerned, so that one version is one
/// object.
/// </summary>
/// <param name="name">What it is called within the list, for example <c>10.244.1.0-24</c>; unique there.</param>
public class StoredLease(string name)
{
    /// <summary>The <see cref="Defect"/> of an entry whose name <see cref="TryReadName"/> refuses.</summary>
    public const string NameDefect = "the name is not a subnet; rename it like 10.244.1.0-24, or remove it";

    /// <summary>What it is called within the list.</summary>
    public string Name { get; } = name;

    /// <summary>The subnet in the name; null when the name is not a lease's.</summary>
    public SubnetKey? Key { get; init; }

    /// <summary>
    /// The lease as it was last read without fault, perhaps from an earlier version; null when it never was.
    /// </summary>
    public SubnetLease? Lease { get; init; }

    /// <summary>Why this version cannot be read as a lease, with the remedy; null when it can.</summary>
    public string? Defect { get; init; }

    /// <summary>
    /// Where in the order of the store's writes the entry was made; 0 in a store that does not know, whose leases are
    /// then all of one age.
    /// </summary>
    public long Created { get; init; }

    /// <summary>From here on the entry counts as absent; <see cref="DateTimeOffset.MaxValue"/> in a store that ends
    /// leases itself.</summary>
    public virtual DateTimeOffset Expires => Lease?.Expires ?? DateTimeOffset.MaxValue;

    /// <summary>Whether somebody has written it to stay until it is removed.</summary>
    public virtual bool IsReservation => false;

    /// <summary>Reads the subnet in an entry's name.</summary>
    /// <returns>False for a name that is not exactly what <see cref="SubnetKey.Format"/> writes: it could be a second
    /// name for the same subnet.</returns>
    public static bool TryReadName(string name, out SubnetKey key) =>
        SubnetKey.TryParse(name, out key) && key.Format() == name;

    /// <summary>
    /// The <see cref="Defect"/> of an entry whose content <see cref="LeaseAttributes.Parse"/> refuses.
    /// </summary>
    public static string ContentDefect(FormatException refusal)
    {
        ArgumentNullException.ThrowIfNull(refusal);
        return $"{refusal.Message}; write it like {{\"PublicIP\":\"192.0.2.1\",\"PublicIPv6\":null}}, or remove it";
    }

    /// <summary>Whether this version is a lease, as against one that keeps the lease of an earlier version.</summary>
    public bool IsReadable => Lease is not null && Defect is null;

    /// <summary>Whether the entry is the lease of a public address, whether it counts or not.</summary>
    public bool IsOf(Ipv4Address publicIp) => Lease?.PublicIp == publicIp;
}
