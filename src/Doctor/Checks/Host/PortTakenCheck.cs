using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Linux;

namespace Overlay.Doctor.Checks.Host;

/// <summary>H7: whether another program has the overlay's UDP port, so that no daemon can start.</summary>
internal sealed class PortTakenCheck : ICheck
{
    private const ushort UdpPort = 8285; // flannel's, where the network config names none

    private static readonly Row s_row = new(
        "H7", "port-taken", HealthSeverity.Error,
        "the daemon cannot start: its UDP port is another's", "ip(7), EADDRINUSE");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        // Whoever answers or is flanneld has it rightly; the kernel itself has that of a vxlan interface.
        ushort port = (ushort)(host.Overlay.Port ?? UdpPort);
        if (host.Daemon is not null || host.Overlay.Tunnel == "flannel.1"
            || !UdpSockets.IsTaken(host.Files, port))
        {
            yield break;
        }

        string? holder = Holders.OfUdpPort(port);
        if (holder is null
            && host.Network.Links.FirstOrDefault(link => link.Vxlan?.Port == port) is { } vxlan)
        {
            yield return new Finding(
                s_row, $"{port}", $"port {port} is that of the vxlan interface {vxlan.Name}",
                $"ip link del {vxlan.Name}")
            {
                IsCommand = true,
            };
        }
        else if (holder is null && !host.IsRoot)
        {
            host.Notes.Add($"whose UDP port {port} is, which root alone sees: perhaps the daemon's");
        }
        else if (holder is null || !host.Processes.Any(
            each => holder.StartsWith($"{each.Id} ", StringComparison.Ordinal)))
        {
            yield return new Finding(
                s_row, $"{port}",
                $"port {port} is that of {(holder is null ? "a program that is not seen" : $"process {holder}")}",
                "end that program, or give the overlay another port: Backend.Port of the network config");
        }
    }
}
