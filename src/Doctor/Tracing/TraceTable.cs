using System;
using System.Globalization;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Doctor.Tracing;

/// <summary>
/// A table of nftables that marks probes and their answers for tracing (nft(8), <c>meta nftrace</c>), before any other
/// chain sees them. It is gone when this is disposed of.
/// </summary>
internal sealed class TraceTable : IDisposable
{
    private readonly HostProgram _nft;

    private TraceTable(HostProgram nft, string name) => (_nft, Name) = (nft, name);

    /// <summary>With its family.</summary>
    internal string Name { get; }

    /// <summary>Makes it.</summary>
    /// <param name="nft">nftables' program.</param>
    /// <param name="destination">The probes'.</param>
    /// <param name="id">The probes'.</param>
    /// <exception cref="OperatorException">nft refuses.</exception>
    internal static TraceTable Make(HostProgram nft, Ipv4Address destination, ushort id)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"inet overlay-trace-{Environment.ProcessId}");
        string probes = $"ip daddr {destination} icmp type echo-request icmp id {id} meta nftrace set 1";
        string answers = $"ip saddr {destination} icmp type echo-reply icmp id {id} meta nftrace set 1";
        string text =
            $$"""
            table {{name}} {
              chain arriving {
                type filter hook prerouting priority -301; policy accept;
                {{probes}}
                {{answers}}
              }
              chain own {
                type filter hook output priority -301; policy accept;
                {{probes}}
              }
            }

            """;
        _ = nft.Run(text, "-f", "-").OutputOrThrow();
        return new TraceTable(nft, name);
    }

    /// <summary>Removes it.</summary>
    public void Dispose() => _ = _nft.Run($"delete table {Name}\n", "-f", "-");
}
