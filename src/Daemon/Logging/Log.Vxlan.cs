using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Logging;

// Lines of the vxlan backend.
internal static partial class Log
{
    [LoggerMessage(80, LogLevel.Warning, "interface {Interface} has {Difference}, so it is made anew")]
    internal static partial void DeviceReplaced(ILogger log, string @interface, string difference);

    [LoggerMessage(81, LogLevel.Warning, "interface {Interface} was gone and is made again, with every peer")]
    internal static partial void DeviceMadeAgain(ILogger log, string @interface);

    [LoggerMessage(82, LogLevel.Warning, "peer left out: the lease {Lease}")]
    internal static partial void PeerUnusable(ILogger log, string lease);

    [LoggerMessage(83, LogLevel.Warning, "the kernel refuses entries of {Peers}, which is tried again every 10 s: "
        + "{Reason}")]
    internal static partial void PeersNotMade(ILogger log, string peers, string reason);

    [LoggerMessage(85, LogLevel.Information, "{Count} routes that the vxlan backend has left are removed: {Routes}")]
    internal static partial void VxlanIsOver(ILogger log, string routes, int count);

    [LoggerMessage(84, LogLevel.Information, "{Interface}: {Removed} entries of peers that are gone since the last run "
        + "are removed")]
    internal static partial void LeftoversRemoved(ILogger log, string @interface, int removed);
}
