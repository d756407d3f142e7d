using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Health;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Host;

/// <summary>
/// <c>--ip-blackhole-route</c>: packets to addresses of this host's subnet that no pod has are dropped here, instead of
/// going where the host's other routes lead. For hosts whose pods have a route each and no bridge (Canal).
/// </summary>
/// <remarks>
/// Any thread may call. The route has the greatest metric there is, so that it yields to that of a bridge with the
/// subnet's address: stock's has none, and with it the kernel takes whichever came first. It stays at the end, as
/// stock's does.
/// </remarks>
internal sealed class BlackholeRoute : IDisposable
{
    private readonly Lock _changing = new();
    private readonly RouteNetlink _netlink = RouteNetlink.Open();
    private readonly RepairAttempts _attempts;
    private readonly HealthBoard _health;
    private readonly ILogger _log;

    private readonly HashSet<Ipv4Prefix> _former = []; // whose routes have still to go

    private Ipv4Prefix? _subnet;
    private bool _isMade;

    /// <summary>In the network namespace of the calling thread.</summary>
    /// <param name="former">The subnet of an earlier run, whose route goes; null when there is none.</param>
    /// <param name="health">Gets what is put back, and what cannot be.</param>
    /// <param name="log">Gets a line for each repair, and for each failure that is another than before.</param>
    /// <exception cref="LinuxException">No descriptor is left.</exception>
    internal BlackholeRoute(Ipv4Prefix? former, HealthBoard health, ILogger log)
    {
        (_health, _log) = (health, log);
        if (former is { } before)
        {
            _ = _former.Add(before);
        }

        _attempts = new RepairAttempts(log) { Health = health };
    }

    /// <summary>Has it for this subnet, and for the one before no longer.</summary>
    internal void MoveTo(Ipv4Prefix subnet)
    {
        lock (_changing)
        {
            if (_subnet == subnet && _isMade)
            {
                return;
            }

            if (_subnet is { } before && before != subnet)
            {
                _ = _former.Add(before);
            }

            _ = _former.Remove(subnet);
            (_subnet, _isMade) = (subnet, false);
            _ = _attempts.Try(SubjectOf(subnet), () =>
            {
                RemoveFormer();
                _netlink.ReplaceRoute(Of(subnet));
                _isMade = true;
            });
        }
    }

    /// <summary>Puts it back where somebody has taken it, and does what was refused before.</summary>
    internal void Repair()
    {
        lock (_changing)
        {
            if (_subnet is { } subnet)
            {
                _ = _attempts.Try(SubjectOf(subnet), () =>
                {
                    RemoveFormer();
                    PutBack(subnet);
                });
            }
        }
    }

    /// <summary>Looks after it no longer.</summary>
    public void Dispose() => _netlink.Dispose();

    // The route of a subnet that another host has by now would drop the packets for its pods.
    private void RemoveFormer()
    {
        foreach (Ipv4Prefix former in _former.ToArray())
        {
            _ = _netlink.RemoveRoute(Of(former));
            _ = _former.Remove(former);
        }
    }

    private static string SubjectOf(Ipv4Prefix subnet) => $"the blackhole route of {subnet}";

    private void PutBack(Ipv4Prefix subnet)
    {
        if (_netlink.GetRoutes().Any(route => route.IsBlackhole && route.Destination == subnet))
        {
            return;
        }

        _netlink.ReplaceRoute(Of(subnet));
        if (_isMade)
        {
            _health.Repairs.Add(RepairedObject.Route);
            Log.BlackholePutBack(_log, subnet.ToString());
        }

        _isMade = true;
    }

    private static Ipv4Route Of(Ipv4Prefix subnet) =>
        new(subnet, Gateway: null, InterfaceIndex: null, Metric: uint.MaxValue) { IsBlackhole = true };
}
