using System;
using System.Collections.Generic;

namespace Overlay.Control;

/// <summary>One health warning.</summary>
/// <param name="Code">Stable; docs/health.md has all.</param>
/// <param name="Severity"><c>info</c>, <c>warning</c> or <c>error</c>.</param>
/// <param name="Subject">What has it; empty where the host has.</param>
/// <param name="Cause">What was seen.</param>
/// <param name="Breaks">What does not work.</param>
/// <param name="Remedy">What to do.</param>
/// <param name="Since">When it was first seen.</param>
/// <param name="DependsOn">Codes that explain this one: while one of them is there, this one is not shown.</param>
/// <param name="SecondsToVisible">How long it has to last before it is shown.</param>
public sealed record WarningReport(
    string Code, string Severity, string Subject, string Cause, string Breaks, string Remedy, DateTimeOffset Since,
    IReadOnlyList<string>? DependsOn = null, double SecondsToVisible = 0);
