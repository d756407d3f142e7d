using System.Collections.Generic;

namespace Overlay.Lab.Faults;

/// <summary>Faults of the host itself: rows H of docs/doctor.md.</summary>
internal static class HostFaults
{
    internal static IReadOnlyList<LabFault> List { get; } =
    [
        new LabFault(
            "H5", "forwarding is off",
            "sysctl -qw net.ipv4.ip_forward=0",
            "sysctl -qw net.ipv4.ip_forward=1"),
        new LabFault(
            "H5", "forwarding is off on the pods' bridge alone",
            "sysctl -qw net.ipv4.conf.cni0.forwarding=0",
            "sysctl -qw net.ipv4.conf.cni0.forwarding=1")
        {
            Name = "H5-bridge",
        },
    ];
}
