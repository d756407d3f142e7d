using System.Collections.Generic;

namespace Overlay.Diagnosis.Report;

/// <summary>One file of a report: what a command says.</summary>
/// <param name="Name">In the archive.</param>
/// <param name="Program">By its name; <see cref="Self"/> for this one.</param>
/// <param name="Arguments">A word each.</param>
internal sealed record ReportItem(string Name, string Program, params IReadOnlyList<string> Arguments)
{
    /// <summary>In place of a program's name: this program.</summary>
    internal const string Self = "";
}
