using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Logging;

// Lines of what is looked at while it runs: health, endpoints, the log itself.
internal static partial class Log
{
    [LoggerMessage(120, LogLevel.Warning, "{Code} {Subject}: {Cause}; {Remedy}", EventName = "health_raised")]
    internal static partial void Trouble(ILogger log, string code, string subject, string cause, string remedy);

    [LoggerMessage(121, LogLevel.Information, "{Code} {Subject} is over", EventName = "health_cleared")]
    internal static partial void TroubleOver(ILogger log, string code, string subject);

    [LoggerMessage(122, LogLevel.Information, "Found network config - Backend type: {Type}",
        EventName = "config_loaded")]
    internal static partial void FoundConfig(ILogger log, string type);

    [LoggerMessage(123, LogLevel.Information, "Wrote subnet file to {File}", EventName = "subnet_file_published")]
    internal static partial void WroteSubnetFile(ILogger log, string file);

    [LoggerMessage(124, LogLevel.Information, "log level is {Now} now, it was {Before}",
        EventName = "log_level_changed")]
    internal static partial void LevelChanged(ILogger log, string now, string before);

    [LoggerMessage(125, LogLevel.Information, "{Paths} are served on http://{Address}", EventName = "endpoint_opened")]
    internal static partial void Serving(ILogger log, string paths, string address);

    [LoggerMessage(126, LogLevel.Warning, "{What} could not be looked at, which is tried again: {Reason}",
        EventName = "look_failed")]
    internal static partial void LookFailed(ILogger log, string what, string reason);

    [LoggerMessage(127, LogLevel.Warning, "{Page} could not be answered: {Reason}", EventName = "page_failed")]
    internal static partial void PageFailed(ILogger log, string page, string reason);
}
