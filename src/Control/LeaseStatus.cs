using System;

namespace Overlay.Control;

/// <summary>The lease that a host holds.</summary>
/// <param name="Subnet">The host's.</param>
/// <param name="Network">The whole overlay's.</param>
/// <param name="PublicIp">Published in it.</param>
/// <param name="Store">Where it is kept.</param>
/// <param name="Expires">When it ends unless it is renewed; null when never.</param>
public sealed record LeaseStatus(
    string Subnet, string Network, string PublicIp, string Store, DateTimeOffset? Expires = null);
