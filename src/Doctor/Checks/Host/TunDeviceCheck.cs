using System.Collections.Generic;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Host;

/// <summary>H1, H3: whether the TUN device is there and may be opened, for a host whose backend needs it.</summary>
internal sealed class TunDeviceCheck : ICheck
{
    private const string Node = "dev/net/tun";

    private static readonly Row s_missing = new(
        "H1", "tun-missing", HealthSeverity.Error,
        "the daemon cannot make its interface: there is no TUN device", "tuntap.rst");

    private static readonly Row s_denied = new(
        "H3", "tun-denied", HealthSeverity.Error,
        "the daemon cannot make its interface: the TUN device may not be opened", "tuntap.rst");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_missing, s_denied];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        string? backend = host.Daemon?.Backend ?? host.Store?.Config?.Backend.Type;
        bool isVxlan = host.Overlay.Tunnel is { } tunnel && host.Network.Find(tunnel) is { Kind: "vxlan" };
        if (backend is not (null or "" or "udp") || (backend is null && isVxlan))
        {
            yield break;
        }

        if (!host.Files.Exists(Node))
        {
            yield return new Finding(
                s_missing, $"/{Node}", $"/{Node} is not there",
                "modprobe tun && echo tun > /etc/modules-load.d/overlay.conf; in a container, mount it from the host");
        }
        else if (host.Files.WhyNotOpened(Node) is { } why)
        {
            if (!host.IsRoot)
            {
                host.Notes.Add($"/{Node}, which this user may not open; a daemon that root starts perhaps may");
                yield break;
            }

            yield return new Finding(
                s_denied, $"/{Node}", $"/{Node} cannot be opened: {why}",
                "allow it: --device /dev/net/tun (docker), a hostPath of type CharDevice (Kubernetes), "
                    + "DeviceAllow=/dev/net/tun rw (systemd)");
        }
    }
}
