using System.Globalization;
using Overlay.Daemon.Options;
using Overlay.Lease;

namespace Overlay.Daemon.Backends.Vxlan;

/// <summary>The options of a vxlan Backend (flannel Documentation/backends.md).</summary>
/// <param name="Vni">The network identifier in each datagram, which names the device.</param>
/// <param name="Port">The UDP port of every host; null for the kernel's own.</param>
/// <param name="UnderlayMtu">What <see cref="Overhead"/> is taken from, in bytes; null for the interface's MTU.</param>
/// <param name="HasGroupPolicy">GBP: whether datagrams carry a group policy.</param>
/// <param name="IsLearning">Learning: whether forwarding entries follow what is received.</param>
/// <param name="IsDirectRouting">DirectRouting: whether peers that no gateway is in front of are routed to
/// plainly.</param>
internal sealed record VxlanBackendOptions(
    int Vni, ushort? Port, int? UnderlayMtu, bool HasGroupPolicy, bool IsLearning, bool IsDirectRouting)
{
    /// <summary>The type in configs and leases.</summary>
    internal const string Type = "vxlan";

    /// <summary>
    /// Bytes around each packet: IPv4 20, UDP 8, VXLAN 8, and the inner Ethernet header 14 (RFC 7348, section 5).
    /// </summary>
    internal const int Overhead = 50;

    private const int DefaultVni = 1;

    // The highest whose device name, flannel.VNI, an interface can have; a VNI goes to 16,777,215.
    private const int HighestVni = 9_999_999;

    /// <summary>The names of the options, and that of the type.</summary>
    internal static string[] Names { get; } =
        [nameof(Type), "VNI", nameof(Port), "MTU", "GBP", "Learning", "DirectRouting"];

    /// <summary>flannel's name for the device of a VNI.</summary>
    internal string DeviceName => DeviceNameOf((uint)Vni);

    /// <inheritdoc cref="DeviceName"/>
    internal static string DeviceNameOf(uint vni) => string.Create(CultureInfo.InvariantCulture, $"flannel.{vni}");

    /// <summary>Reads them.</summary>
    /// <exception cref="NetworkConfigException">One is not valid.</exception>
    internal static VxlanBackendOptions Read(BackendConfig backend) => new(
        backend.ReadInteger("VNI", min: 0, max: HighestVni) ?? DefaultVni,
        backend.ReadInteger(nameof(Port), min: 0, max: ushort.MaxValue) is { } port and > 0 ? (ushort)port : null,
        backend.ReadInteger("MTU", min: RunLimits.MinimumMtu + Overhead, max: ushort.MaxValue),
        backend.ReadSwitch("GBP"),
        backend.ReadSwitch("Learning"),
        backend.ReadSwitch("DirectRouting"));
}
