using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Logging;

// Lines of the vxlan backend with a fall-back.
internal static partial class Log
{
    [LoggerMessage(90, LogLevel.Warning, "no VXLAN on this host, so packets to peers with --fallback udp go by udp, "
        + "and it is tried again: {Cause}")]
    internal static partial void NoVxlan(ILogger log, string cause);

    [LoggerMessage(91, LogLevel.Information, "VXLAN is there: interface {Interface} is up")]
    internal static partial void VxlanIsBack(ILogger log, string @interface);

    [LoggerMessage(92, LogLevel.Warning, "no way to {Peers}: no VXLAN on this host, and they run without "
        + "--fallback udp")]
    internal static partial void NoWayToPeers(ILogger log, string peers);

    [LoggerMessage(93, LogLevel.Warning, "packets to {Peers} go by udp: {Cause}; VXLAN is tried again each second")]
    internal static partial void ByUdp(ILogger log, string peers, string cause);

    [LoggerMessage(94, LogLevel.Information, "packets to {Peers} go by VXLAN again")]
    internal static partial void ByVxlan(ILogger log, string peers);

    [LoggerMessage(95, LogLevel.Warning, "no fallback to peers whose udp backend has another port than this host's, "
        + "{Port}: {Peers}; give --port the same everywhere")]
    internal static partial void OtherFallbackPorts(ILogger log, int port, string peers);

    [LoggerMessage(96, LogLevel.Warning, "{Interface} drops packets while the two hosts of a pair change between VXLAN "
        + "and udp: its rp_filter is strict and cannot be set ({Reason}); sysctl -w net.ipv4.conf.all.rp_filter=2")]
    internal static partial void StrictReversePath(ILogger log, string @interface, string reason);

    [LoggerMessage(97, LogLevel.Warning, "peers cannot be asked whether {Interface} reaches them, and it is tried "
        + "again each second: {Reason}")]
    internal static partial void NoProbeSocket(ILogger log, string @interface, string reason);
}
