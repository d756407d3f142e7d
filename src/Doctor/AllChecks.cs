using System.Collections.Generic;
using Overlay.Doctor.Checks;
using Overlay.Doctor.Checks.Firewall;
using Overlay.Doctor.Checks.Host;
using Overlay.Doctor.Checks.Leases;
using Overlay.Doctor.Checks.Pods;
using Overlay.Doctor.Checks.Sizes;

namespace Overlay.Doctor;

/// <summary>Every check there is, in the order of docs/doctor.md.</summary>
internal static class AllChecks
{
    internal static IReadOnlyList<ICheck> List { get; } =
    [
        new IpForwardingCheck(),
        new ObstacleCheck(),
        new RulesetCheck(),
        new LockCheck(),
        new ConntrackCheck(),
        new MtuCheck(),
        new PathMtuCheck(),
        new LossCheck(),
        new ConfigCheck(),
        new OwnLeaseCheck(),
        new PeerEntriesCheck(),
        new StoreAwayCheck(),
        new CertificateCheck(),
        new PoolCheck(),
        new PeerLeasesCheck(),
        new ConfigAppliedCheck(),
        new SubnetFileCheck(),
    ];
}
