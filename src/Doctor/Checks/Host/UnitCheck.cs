using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Host;

/// <summary>H2, H4, S5: whether systemd gives the daemon what it needs, and no more.</summary>
internal sealed class UnitCheck : ICheck
{
    private const string NetAdmin = "CAP_NET_ADMIN";
    private const string Tun = "/dev/net/tun";

    private static readonly Row s_capability = new(
        "H2", "unit-without-net-admin", HealthSeverity.Error,
        "the daemon may not make its interface: its unit leaves out CAP_NET_ADMIN",
        "systemd.exec(5), AmbientCapabilities=");

    private static readonly Row s_device = new(
        "H4", "unit-hides-tun", HealthSeverity.Error,
        "the daemon does not see the TUN device: its unit hides it", "systemd.exec(5), PrivateDevices=");

    private static readonly Row s_privilege = new(
        "S5", "unit-all-powerful", HealthSeverity.Info,
        "the daemon may do anything on this host: CAP_NET_ADMIN is enough for it", "docs/install.md, what it may do");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_capability, s_device, s_privilege];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host) => host.Units.SelectMany(Look);

    private static IEnumerable<Finding> Look(UnitFacts unit)
    {
        bool isRoot = (unit.Last("User") ?? "") is "" or "root" or "0" && !unit.Has("DynamicUser");
        IReadOnlyList<string> bounds = unit.All("CapabilityBoundingSet");
        bool isBound = bounds.Count > 0 && !bounds[0].StartsWith('~');
        if (isBound && !bounds.Contains(NetAdmin))
        {
            yield return Found(
                s_capability, unit, $"CapabilityBoundingSet={string.Join(' ', bounds)} leaves it out",
                $"CapabilityBoundingSet={NetAdmin} CAP_NET_RAW");
        }
        else if (!isRoot && !unit.All("AmbientCapabilities").Contains(NetAdmin))
        {
            yield return Found(
                s_capability, unit, $"User={unit.Last("User")} without AmbientCapabilities={NetAdmin}",
                $"AmbientCapabilities={NetAdmin} CAP_NET_RAW");
        }

        if (unit.Has("PrivateDevices"))
        {
            yield return Found(s_device, unit, "PrivateDevices=yes", "PrivateDevices=no");
        }
        else if (unit.Last("DevicePolicy") is "closed" or "strict"
            && !unit.All("DeviceAllow").Any(word => word is Tun or "char-misc"))
        {
            yield return Found(
                s_device, unit, $"DevicePolicy={unit.Last("DevicePolicy")} without DeviceAllow={Tun}",
                $"DeviceAllow={Tun} rw");
        }

        if (isRoot && !isBound)
        {
            yield return Found(
                s_privilege, unit, "it runs as root, with every capability",
                $"CapabilityBoundingSet={NetAdmin} CAP_NET_RAW");
        }
    }

    private static Finding Found(Row row, UnitFacts unit, string why, string setting) => new(
        row, unit.Name, $"{unit.Name}: {why}", $"write {setting} below [Service]: systemctl edit {unit.Name}");
}
