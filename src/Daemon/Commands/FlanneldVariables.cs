using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;

namespace Overlay.Daemon.Commands;

/// <summary>
/// The variables of flanneld's environment: each option of <c>overlay run</c> has one, <c>FLANNELD_</c> and the
/// option's name in capitals with underscores, <c>FLANNELD_ETCD_ENDPOINTS</c> for <c>--etcd-endpoints</c>.
/// </summary>
internal static class FlanneldVariables
{
    private const string Prefix = "FLANNELD_";

    /// <summary>The variable of an option, whatever its dashes.</summary>
    internal static string NameFor(Option option) =>
        Prefix + option.Name.TrimStart('-').Replace('-', '_').ToUpperInvariant();

    /// <summary>The options that the environment gives a value, and the value. An empty variable gives none.</summary>
    internal static IEnumerable<(Option Option, string Value)> Given(
        IEnumerable<Option> options, IReadOnlyDictionary<string, string> environment)
    {
        foreach (Option option in options)
        {
            if (environment.TryGetValue(NameFor(option), out string? value) && value.Length > 0)
            {
                yield return (option, value);
            }
        }
    }

    /// <summary>The variables that look like an option's, and are none, in order.</summary>
    internal static IReadOnlyList<string> Unknown(
        IEnumerable<Option> options, IReadOnlyDictionary<string, string> environment) =>
        [
            .. environment.Keys.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
                .Except(options.Select(NameFor))
                .Order(StringComparer.Ordinal),
        ];
}
