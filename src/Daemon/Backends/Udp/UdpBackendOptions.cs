using Overlay.Lease;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>The options of a udp Backend (flannel Documentation/backends.md).</summary>
/// <param name="Port">The UDP port of every host, 1 to 65535.</param>
internal sealed record UdpBackendOptions(ushort Port)
{
    /// <summary>Where none is given.</summary>
    internal const ushort DefaultPort = 8285;

    /// <summary>Their names, and that of the type.</summary>
    internal static string[] Names { get; } = ["Type", nameof(Port)];

    /// <summary>Reads them.</summary>
    /// <exception cref="NetworkConfigException">One is not valid.</exception>
    internal static UdpBackendOptions Read(BackendConfig backend) =>
        new((ushort)(backend.ReadInteger(nameof(Port), min: 1, max: ushort.MaxValue) ?? DefaultPort));
}
