using System.Collections.Generic;
using System.CommandLine;
using System.Linq;

namespace Overlay.Daemon.Options;

/// <summary>
/// Flags of flanneld that are taken so that its unit files and manifests work, and that change nothing here.
/// </summary>
internal sealed class FlanneldOptions
{
    private readonly IReadOnlyList<Option> _ineffective =
    [
        Text("--public-ipv6", "IP", "the overlay has no IPv6 yet"),
        Text("--vmodule", "PATTERN=N,…", "levels by source file"),
        Text("--log_backtrace_at", "FILE:LINE", "traces by source line"),
    ];

    /// <summary>Gives the options to a command.</summary>
    internal void AddTo(Command command)
    {
        foreach (Option option in _ineffective)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The names of the options given that change nothing.</summary>
    internal IReadOnlyList<string> Ineffective(ParseResult parsed) =>
        [
            .. _ineffective.Where(option => parsed.GetResult(option) is { Implicit: false })
                .Select(option => option.Name),
        ];

    private static Option<string> Text(string name, string helpName, string reason) =>
        new(name) { Description = Without(reason), HelpName = helpName };

    private static string Without(string reason) => $"taken as by flanneld, without effect: {reason}";
}
