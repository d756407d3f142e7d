using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Host;

/// <summary>
/// H5: whether this host forwards IPv4 packets (ip-sysctl.rst, ip_forward): from and to the tunnel, and from the
/// bridges that pods are usually on. The switch for all sets those of the interfaces, so one of them may differ.
/// </summary>
internal sealed class IpForwardingCheck : ICheck
{
    private static readonly Row s_row = new(
        "H5", HealthCodes.IpForwardingOff.Name, HealthSeverity.Error,
        "this host does not forward packets between its pods and the tunnel", "ip-sysctl.rst, ip_forward");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host) =>
        ((string[])["ip_forward", .. host.Overlay.Interfaces.Select(name => $"conf/{name}/forwarding")])
            .Where(file => host.Files.ReadWord($"proc/sys/net/ipv4/{file}") == "0")
            .Select(file => $"net.ipv4.{file.Replace('/', '.')}")
            .Take(1)
            .Select(name => new Finding(s_row, "", $"{name} is 0", $"sysctl -w {name}=1") { IsCommand = true });
}
