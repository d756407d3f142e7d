using System;

namespace Overlay.Lease;

/// <summary>One host's hold on one subnet until a point in time.</summary>
/// <param name="Subnet">Without host bits.</param>
/// <param name="Attributes">What the owner says about itself.</param>
/// <param name="Expires">
/// From here on the lease counts as absent, unless renewed; <see cref="DateTimeOffset.MaxValue"/> for a reservation, and where the
/// store itself ends leases and says so.
/// </param>
public sealed record SubnetLease(Ipv4Prefix Subnet, LeaseAttributes Attributes, DateTimeOffset Expires)
{
    /// <summary>The address peers send to, host byte order.</summary>
    public uint PublicIp => Attributes.PublicIp;
}
