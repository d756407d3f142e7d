using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Checks;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;

namespace Overlay.Doctor;

/// <summary>Runs checks over the facts of a host.</summary>
internal static class Examination
{
    /// <summary>Runs them all.</summary>
    /// <param name="checks">Usually <see cref="AllChecks.List"/>.</param>
    /// <param name="host">What is known of it.</param>
    internal static DoctorReport Run(IReadOnlyList<ICheck> checks, HostFacts host)
    {
        host.BeginCounting();
        return new(
            [
                .. checks.SelectMany(check => check.Look(host))
                    .Distinct()
                    .OrderByDescending(finding => finding.Row.Severity)
                    .ThenBy(finding => finding.Row.Id, StringComparer.Ordinal)
                    .ThenBy(finding => finding.Subject, StringComparer.Ordinal),
            ],
            host.Notes.Lines,
            checks.Sum(check => check.Rows.Count));
    }
}
