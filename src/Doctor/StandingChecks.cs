using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Checks.Host;
using Overlay.Doctor.Checks.Routes;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Doctor;

/// <summary>
/// The checks that a running daemon makes again and again, on fresh facts of its own host: what they find is raised on
/// its health board, and cleared when it is gone. One call at a time, in the network namespace of the calling thread.
/// </summary>
/// <param name="health">Gets what is found.</param>
/// <param name="kernel">Where /proc and /sys are.</param>
public sealed class StandingChecks(HealthBoard health, string kernel = "/")
{
    private readonly ProcessorQuotaCheck _quota = new(isFirstLookSilent: true);

    /// <summary>Whether this host forwards packets at all, or nothing can be said.</summary>
    public static bool IsForwarding => !new IpForwardingCheck().Look(Facts("/", NoOverlay)).Any();

    private static OverlayFacts NoOverlay { get; } = new(null, null, null, null, null, null);

    /// <summary>Looks whether this host forwards what comes from the tunnel and the pods' bridges.</summary>
    /// <param name="tunnel">The interface that pods' packets leave by.</param>
    public void LookAtForwarding(string tunnel) => Show(
        HealthCodes.IpForwardingOff,
        new IpForwardingCheck().Look(Facts(kernel, NoOverlay with { Tunnel = tunnel })),
        fix => $"turn it on: {fix}");

    /// <summary>Looks whether a limit of the daemon's control group is near; processor time is compared with the look
    /// before.</summary>
    public void LookAtLimits()
    {
        HostFacts host = Facts(kernel, NoOverlay);
        Show(HealthCodes.MemoryLimitNear, new MemoryLimitCheck().Look(host));
        Show(HealthCodes.ProcessorThrottled, _quota.Look(host));
    }

    /// <summary>Looks for routes around the tunnel, and for what others have given the tunnel's interface.</summary>
    /// <param name="network">The whole overlay.</param>
    /// <param name="own">This host's subnet.</param>
    /// <param name="tunnel">The interface that pods' packets leave by; null where that is the underlay's
    /// (host-gw).</param>
    /// <param name="isRight">Whether a route with a gateway is as the backend would have it.</param>
    public void LookAtEntries(Ipv4Prefix network, Ipv4Prefix own, string? tunnel, Predicate<Ipv4Route> isRight)
    {
        HostFacts host = Facts(kernel, NoOverlay with { Network = network, Subnet = own, Tunnel = tunnel });
        if (host.Network.Links.Count > 0) // what the kernel does not tell now it tells the next time
        {
            Show(HealthCodes.RouteAroundTunnel, new RouteAroundCheck(isRight).Look(host));
            Show(HealthCodes.TunnelManaged, new TunnelManagedCheck().Look(host));
        }
    }

    private static HostFacts Facts(string kernel, OverlayFacts overlay) =>
        new(daemon: null, store: null, subnetFile: "", kernel: kernel) { Given = overlay, Process = "self" };

    private void Show(HealthCode code, IEnumerable<Finding> found, Func<string, string>? remedy = null)
    {
        Finding[] all = [.. found];
        health.ClearExcept(code, [.. all.Select(finding => finding.Subject)]);
        foreach (Finding finding in all)
        {
            health.Raise(code, finding.Subject, finding.Why, remedy?.Invoke(finding.Fix) ?? finding.Fix);
        }
    }
}
