using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Logging;

// Lines of captures: they show what pods say to each other, so each is on record.
internal static partial class Log
{
    [LoggerMessage(170, LogLevel.Information,
        "a capture begins, asked for on the control socket: filter '{Filter}', {SnapBytes} bytes of a packet, at most "
            + "{PacketsPerSecond} packets a second from each worker")]
    internal static partial void CaptureStarted(ILogger log, string filter, int snapBytes, int packetsPerSecond);

    [LoggerMessage(171, LogLevel.Information, "the capture is over: {Matched} packets were wanted, {Lost} were lost")]
    internal static partial void CaptureStopped(ILogger log, long matched, long lost);
}
