using System;
using System.Collections.Generic;

namespace Overlay.Health;

/// <summary>One kind of trouble. All there are stand in <see cref="HealthCodes"/>.</summary>
/// <param name="Name">Stable: scripts, alerts and documentation go by it.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Breaks">What does not work while it lasts.</param>
/// <param name="Remedy">What to do, unless whoever raises it knows better.</param>
public sealed record HealthCode(string Name, HealthSeverity Severity, string Breaks, string Remedy)
{
    /// <summary>How long it has to last before it is shown: what is repaired at once is no trouble.</summary>
    public TimeSpan TimeToVisible { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Codes that explain this one: while one of them is raised, this one is not shown.</summary>
    public IReadOnlyList<string> DependsOn { get; init; } = [];

    /// <summary>Whether a host with it is not ready for pods.</summary>
    public bool EndsReadiness { get; init; }
}
