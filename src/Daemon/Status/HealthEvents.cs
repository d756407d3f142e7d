using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Health;

namespace Overlay.Daemon.Status;

/// <summary>
/// Tells of warnings that come and go, once each: those that nothing else logs in the log, which the journal has too,
/// the others in the journal alone.
/// </summary>
/// <param name="health">Whose warnings.</param>
/// <param name="keep">Gets a line for each that is for the journal alone.</param>
/// <param name="log">Gets a line for each of the others.</param>
/// <param name="clock">Dates the events.</param>
internal sealed class HealthEvents(HealthBoard health, Action<LogLine> keep, ILogger log, TimeProvider clock)
{
    // What these are about is seen here first.
    private static readonly HealthCode[] s_logged =
    [
        HealthCodes.PeerDaemonDown, HealthCodes.PeerFirewallProhibits, HealthCodes.PeerUnreachable,
        HealthCodes.WorkerHung,
    ];

    private Dictionary<(string Code, string Subject), HealthWarning> _shown = [];

    /// <summary>Takes a look. One call at a time.</summary>
    internal void Sample()
    {
        var now = health.ReadVisible().ToDictionary(warning => (warning.Code.Name, warning.Subject));
        foreach (HealthWarning warning in now.Where(each => !_shown.ContainsKey(each.Key)).Select(each => each.Value))
        {
            if (s_logged.Contains(warning.Code))
            {
                Log.Trouble(log, warning.Code.Name, warning.Subject, warning.Cause, warning.Remedy);
            }
            else
            {
                Keep(
                    LogLevel.Warning, "health_raised", $"{Describe(warning)}: {warning.Cause}; {warning.Remedy}",
                    warning);
            }
        }

        foreach (HealthWarning warning in _shown.Where(each => !now.ContainsKey(each.Key)).Select(each => each.Value))
        {
            if (s_logged.Contains(warning.Code))
            {
                Log.TroubleOver(log, warning.Code.Name, warning.Subject);
            }
            else
            {
                Keep(LogLevel.Information, "health_cleared", $"{Describe(warning)} is over", warning);
            }
        }

        _shown = now;
    }

    private static string Describe(HealthWarning warning) =>
        warning.Subject.Length == 0 ? warning.Code.Name : $"{warning.Code.Name} {warning.Subject}";

    private void Keep(LogLevel level, string name, string text, HealthWarning warning) => keep(new LogLine(
        clock.GetUtcNow(), level, name, 0, text,
        [
            new("code", warning.Code.Name), new("severity", warning.Code.Severity.ToString().ToLowerInvariant()),
            new("subject", warning.Subject), new("cause", warning.Cause), new("remedy", warning.Remedy),
        ]));
}
