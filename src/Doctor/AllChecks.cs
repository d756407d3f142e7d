using System.Collections.Generic;
using Overlay.Doctor.Checks;
using Overlay.Doctor.Checks.Firewall;
using Overlay.Doctor.Checks.Host;
using Overlay.Doctor.Checks.Leases;
using Overlay.Doctor.Checks.Pods;
using Overlay.Doctor.Checks.Routes;
using Overlay.Doctor.Checks.Security;
using Overlay.Doctor.Checks.Sizes;
using Overlay.Doctor.Checks.Underlay;

namespace Overlay.Doctor;

/// <summary>Every check there is, in the order of docs/doctor.md.</summary>
internal static class AllChecks
{
    internal static IReadOnlyList<ICheck> List { get; } =
    [
        new TunDeviceCheck(),
        new UnitCheck(),
        new IpForwardingCheck(),
        new PortTakenCheck(),
        new TunnelTwiceCheck(),
        new MemoryLimitCheck(),
        new ProcessorQuotaCheck(),
        new WayToPeersCheck(),
        new OwnAddressCheck(),
        new SharedLinkCheck(),
        new PeerAnswersCheck(),
        new NetworkOverlapCheck(),
        new TunnelCheck(),
        new TunnelManagedCheck(),
        new RouteAroundCheck(),
        new OwnSubnetCheck(),
        new Ipv6OnTunnelCheck(),
        new PolicyRoutingCheck(),
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
        new BridgeAddressCheck(),
        new SubnetFileCheck(),
        new AddressStoreCheck(),
        new CniConfigCheck(),
        new VethCheck(),
        new EtcdSecretsCheck(),
        new ControlSocketCheck(),
    ];
}
