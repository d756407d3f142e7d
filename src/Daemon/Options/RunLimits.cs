using Overlay.Router.Ports;

namespace Overlay.Daemon.Options;

/// <summary>What <c>overlay run</c> takes when nothing is given, and the ranges of what is given.</summary>
internal static class RunLimits
{
    /// <summary>The longest name of an interface in bytes (linux/if.h, IFNAMSIZ less its NUL).</summary>
    internal const int LongestInterfaceName = 15;

    /// <summary>The least MTU of the tunnel in bytes (RFC 791, section 3.1: what every host must take).</summary>
    internal const int MinimumMtu = 576;

    /// <summary>The greatest MTU of the tunnel in bytes: what an outer IPv4 packet has room for.</summary>
    internal const int MaximumMtu = 65_535 - UdpPort.EncapsulationBytes;
}
