using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Logging;

// Lines about firewall rules, and about what others hold.
internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Information, "firewall rules are made by {Tool}: {Rules}")]
    internal static partial void FirewallInPlace(ILogger log, string tool, string rules);

    [LoggerMessage(101, LogLevel.Warning,
        "Some {Tool} rules are missing; deleting and recreating rules: {Findings}")]
    internal static partial void FirewallPutBack(ILogger log, string tool, string findings);

    [LoggerMessage(102, LogLevel.Error,
        "firewall rules cannot be looked after, so packets of pods may be dropped, and none are masqueraded; tried "
            + "again every {Seconds} s: {Reason}")]
    internal static partial void FirewallFailed(ILogger log, int seconds, string reason);

    [LoggerMessage(103, LogLevel.Information, "firewall rules can be looked after again")]
    internal static partial void FirewallRecovered(ILogger log);

    [LoggerMessage(104, LogLevel.Information, "firewall rules of {Tool}, which is not in use, are removed: {Findings}")]
    internal static partial void FirewallOtherRemoved(ILogger log, string tool, string findings);

    [LoggerMessage(105, LogLevel.Warning, "{Obstacle}; {Remedy}")]
    internal static partial void FirewallObstacle(ILogger log, string obstacle, string remedy);

    [LoggerMessage(106, LogLevel.Information, "firewall rules are those of subnet {Subnet} now")]
    internal static partial void FirewallMoved(ILogger log, string subnet);

    [LoggerMessage(107, LogLevel.Warning, "changes of firewall rules are not heard of, so they are looked at every "
        + "{Seconds} s alone: {Reason}")]
    internal static partial void FirewallUnheard(ILogger log, int seconds, string reason);

    [LoggerMessage(109, LogLevel.Warning, "the interface is {Interface} because {Other} is there; {Reason}")]
    internal static partial void OtherTunnel(ILogger log, string @interface, string other, string reason);

    [LoggerMessage(108, LogLevel.Warning, "firewall rules of others could not be looked at by {Tool}: {Reason}")]
    internal static partial void FirewallLookFailed(ILogger log, string tool, string reason);
}
