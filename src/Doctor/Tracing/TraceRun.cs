using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Doctor.Facts;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Doctor.Tracing;

/// <summary>Sends probes to an address and follows them through the rules of this host's nftables.</summary>
/// <param name="host">What is known of this host.</param>
/// <param name="destination">The address.</param>
internal sealed class TraceRun(HostFacts host, Ipv4Address destination)
{
    // The first probes may be lost before nft listens, or while neighbours are resolved.
    private const int Probes = 15;

    private static readonly TimeSpan s_betweenProbes = TimeSpan.FromMilliseconds(200);

    private readonly Lock _reading = new();
    private readonly List<TraceLine> _lines = [];

    /// <summary>Traces, for 3 s at most, and removes what that took, whatever happens.</summary>
    /// <exception cref="OperatorException">It cannot be done here; the line says why.</exception>
    internal async Task<TraceReport> RunAsync(CancellationToken cancellation)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new OperatorException("--trace makes a table of nftables, which root alone may; run it with sudo");
        }

        if (WhyNot(host, destination) is { } reason)
        {
            throw new OperatorException($"--trace is {destination}, {reason}; give the address of another host's pod");
        }

        var nft = HostProgram.Require("nft", "nftables", CancellationToken.None); // it removes the table, too
        ushort id = (ushort)Random.Shared.Next(1, ushort.MaxValue + 1);
        try
        {
            using var pod = ProbePod.Make(host);
            using IcmpSocket socket = pod?.OpenSocket() ?? IcmpSocket.Open();
            var probe = new EchoProbe(socket, destination, id);
            using var table = TraceTable.Make(nft, destination, id);
            using (nft.Follow(Take, "monitor", "trace"))
            {
                for (int sent = 0; sent < Probes && !IsDecided(); sent++)
                {
                    probe.Send();
                    await Task.Delay(s_betweenProbes, cancellation);
                }

                if (!Lines().Any(line => line.IsDrop))
                {
                    await Task.Delay(s_betweenProbes, cancellation); // what has become of the answer
                }
            }

            return new TraceReport(
                pod is null ? "this host" : $"{pod.Address}, as a pod on {pod.Bridge}", destination,
                Lines().Where(line => line.Table != table.Name).ToList(), Lines().Any(line => line.IsAnswer),
                Older());
        }
        catch (LinuxException problem)
        {
            throw new OperatorException($"no probe can be sent: {problem.Message}", problem);
        }
    }

    /// <summary>Why no answer of an address could be seen, and "no answer" would be no word of it.</summary>
    /// <returns>Null when nothing speaks against it.</returns>
    internal static string? WhyNot(HostFacts host, Ipv4Address destination) =>
        host.Network.HolderOf(destination) is { } holder ? $"which {holder.Name} of this host has"
            : host.Overlay.Subnet is { } own && own.Contains(destination)
                ? $"which is of this host's own subnet {own}, where packets are bridged, not forwarded"
            : !destination.IsUnicast
                ? "which is not the address of one host"
            : null;

    private int Older() => host.Firewall.Iptables.Where(kind => kind.IsOlder).Sum(kind => kind.Listing.Tables.Sum(
        table => kind.Listing.ChainsOf(table).Values.Sum(chain => chain.Rules.Count)));

    private bool IsDecided() => Lines().Any(line => line.IsDrop) || Lines().Any(line => line.IsAnswer);

    private TraceLine[] Lines()
    {
        lock (_reading)
        {
            return [.. _lines];
        }
    }

    private void Take(string text)
    {
        if (TraceLine.Parse(text) is { } line)
        {
            lock (_reading)
            {
                _lines.Add(line);
            }
        }
    }
}
