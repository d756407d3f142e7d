using System;
using System.Collections.Generic;
using System.Linq;

namespace Overlay.Lab.Faults;

/// <summary>
/// Every fault that can be put into a lab: what <c>overlay demo --break</c> offers, and what the doctor is tested by.
/// </summary>
public static class LabFaults
{
    /// <summary>In the order of docs/doctor.md.</summary>
    public static IReadOnlyList<LabFault> All { get; } =
    [
        .. HostFaults.List, .. UnderlayFaults.List, .. RouteFaults.List, .. FirewallFaults.List, .. SizeFaults.List,
        .. LeaseFaults.List, .. PodFaults.List, .. SecurityFaults.List,
    ];

    /// <summary>The fault of a name, whatever its case; null when there is none.</summary>
    public static LabFault? Find(string name) =>
        All.FirstOrDefault(fault => fault.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
