using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Logging;

// Starting again within the process, and what a service manager is told.
internal static partial class Log
{
    [LoggerMessage(150, LogLevel.Warning, "starting again within the process: {Reason}")]
    internal static partial void Restarting(ILogger log, string reason);

    [LoggerMessage(151, LogLevel.Warning, "could not start again, and it is tried until it works: {Reason}")]
    internal static partial void RestartFailed(ILogger log, string reason);

    [LoggerMessage(152, LogLevel.Warning, "SIGHUP is refused and everything stays as it is: {Reason}")]
    internal static partial void ReloadRefused(ILogger log, string reason);

    [LoggerMessage(
        153, LogLevel.Warning, "the service manager at NOTIFY_SOCKET {Path} cannot be told anything: {Reason}")]
    internal static partial void NoServiceManager(ILogger log, string path, string reason);

    [LoggerMessage(154, LogLevel.Warning, "the service manager could not be told everything: {Reason}")]
    internal static partial void ServiceManagerRefuses(ILogger log, string reason);
}
