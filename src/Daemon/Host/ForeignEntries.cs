using System;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Health;
using Overlay.Doctor;
using Overlay.Health;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Host;

/// <summary>
/// Looks for what other programs have put beside the tunnel: routes that take packets of the overlay elsewhere, as the
/// backend used before leaves them, and addresses and a default route of the tunnel's interface itself, as network
/// managers give to every interface they see.
/// </summary>
/// <param name="network">The overlay network.</param>
/// <param name="tunnel">The interface that pods' packets leave by; null where that is the underlay's (host-gw).</param>
/// <param name="health">Gets what is found.</param>
internal sealed class ForeignEntries(Ipv4Prefix network, string? tunnel, HealthBoard health)
{
    /// <summary>Has it looked at whenever the kernel tells of a route inside the network, or of an address.</summary>
    /// <exception cref="LinuxException">The kernel refused the socket.</exception>
    internal KernelWatch Watch(Action look, ILogger log, WorkTurns turns) => KernelWatch.Open(
        NetlinkTopics.Routes | NetlinkTopics.Addresses,
        change => change.Subject != NetlinkSubject.Route || network.Contains(change.Destination.Address)
            || change.Destination.Length == 0,
        look,
        log,
        health,
        turns);

    /// <summary>Looks once, in the namespace of the calling thread.</summary>
    /// <param name="own">This host's subnet.</param>
    /// <param name="isRight">Whether a route with a gateway is as the backend would have it.</param>
    internal void Look(Ipv4Prefix own, Predicate<Ipv4Route> isRight) =>
        new StandingChecks(health).LookAtEntries(network, own, tunnel, isRight);
}
