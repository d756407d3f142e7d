using System.Collections.Generic;

namespace Overlay.Lab.Faults;

/// <summary>Faults of what gives pods their addresses: rows N of docs/doctor.md.</summary>
internal static class PodFaults
{
    internal static IReadOnlyList<LabFault> List { get; } =
    [
        new LabFault(
            "N3", "subnet.env is not there",
            "mv \"$SUBNET_FILE\" \"$ROOT/kept.env\"",
            "mv \"$ROOT/kept.env\" \"$SUBNET_FILE\"")
        {
            IsWithoutDaemon = true,
        },
    ];
}
