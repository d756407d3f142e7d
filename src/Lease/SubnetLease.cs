using System;
using Overlay.Net;

namespace Overlay.Lease;

/// <summary>One host's hold on one subnet until a point in time.</summary>
/// <param name="Subnet">Without host bits.</param>
/// <param name="Attributes">What the owner publishes.</param>
/// <param name="Expires">
/// From here on the lease counts as absent, unless renewed; <see cref="DateTimeOffset.MaxValue"/> for a reservation,
/// and where <see cref="IsEndedByStore"/>.
/// </param>
public sealed record SubnetLease(Ipv4Prefix Subnet, LeaseAttributes Attributes, DateTimeOffset Expires)
{
    /// <summary>The address peers send to.</summary>
    public Ipv4Address PublicIp => Attributes.PublicIp;

    /// <summary>Whether the store ends the lease at a time that only the store knows, and reports it then.</summary>
    public bool IsEndedByStore { get; init; }

    /// <summary>Whether it has no end.</summary>
    public bool IsReservation => Expires == DateTimeOffset.MaxValue && !IsEndedByStore;
}
