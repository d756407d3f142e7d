using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Logging;

// What becomes of the command line and the environment.
internal static partial class Log
{
    [LoggerMessage(75, LogLevel.Warning, "without effect here: {Options} (overlay run --help says why)")]
    internal static partial void OptionsWithoutEffect(ILogger log, string options);

    [LoggerMessage(76, LogLevel.Warning, "ignored, because they are no options of overlay run: {Variables}")]
    internal static partial void VariablesIgnored(ILogger log, string variables);

    [LoggerMessage(77, LogLevel.Information, "{Failure}")]
    internal static partial void InterfacePassedOver(ILogger log, string failure);

    [LoggerMessage(78, LogLevel.Warning, "the blackhole route of {Subnet} was gone and is back")]
    internal static partial void BlackholePutBack(ILogger log, string subnet);

    [LoggerMessage(79, LogLevel.Warning, "EnableIPv6 is true in the network config of {Store}, and the overlay carries "
        + "IPv4 alone: pods of this host get no IPv6 subnet",
        EventName = "ipv6_without_effect")]
    internal static partial void WithoutIPv6(ILogger log, string store);
}
