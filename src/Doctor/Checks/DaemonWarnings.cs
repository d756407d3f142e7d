using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks;

/// <summary>What a running daemon warns of, as findings: for rows that it knows better, or earlier.</summary>
internal static class DaemonWarnings
{
    /// <summary>The warnings of one code; none where no daemon answers.</summary>
    /// <param name="host">What is known of this host.</param>
    /// <param name="code">Of docs/health.md.</param>
    /// <param name="row">What they are here.</param>
    internal static IEnumerable<Finding> Of(HostFacts host, HealthCode code, Row row) =>
        (host.Daemon?.Warnings ?? []).Where(warning => warning.Code == code.Name)
            .Select(warning => new Finding(row, warning.Subject, warning.Cause, warning.Remedy));
}
