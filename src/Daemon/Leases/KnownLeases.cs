using System.Collections.Generic;
using Overlay.Lease;

namespace Overlay.Daemon.Leases;

/// <summary>The leases in force at one moment. Immutable.</summary>
/// <param name="Own">This host's.</param>
/// <param name="Peers">The other hosts', of this host's backend.</param>
/// <param name="FurtherOwn">Others that name this host.</param>
/// <param name="LeftOut">The other hosts', of another backend.</param>
internal sealed record KnownLeases(
    SubnetLease Own, IReadOnlyList<SubnetLease> Peers, IReadOnlyList<SubnetLease> FurtherOwn,
    IReadOnlyCollection<SubnetLease> LeftOut);
