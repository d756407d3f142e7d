using System;
using System.Diagnostics;
using System.Globalization;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Doctor.Tracing;

/// <summary>
/// A table of nftables that marks probes and their answers for tracing (nft(8), <c>meta nftrace</c>), before any other
/// chain sees them. It is gone when this is disposed of, and when this process is killed.
/// </summary>
/// <remarks>
/// A table with the flag <c>owner</c> goes with the socket that made it (nft(8); Linux 5.12). An interactive nft keeps
/// that socket while its standard input is open. Where the kernel or nft has none of it, the table is an ordinary one,
/// which the next trace and <c>overlay cleanup</c> find (<see cref="TraceLeftovers"/>).
/// </remarks>
internal sealed class TraceTable : IDisposable
{
    private const int PollMilliseconds = 10;

    private static readonly TimeSpan s_madeWithin = TimeSpan.FromSeconds(2);

    private readonly HostProgram _nft;
    private readonly FollowedProgram? _owner;

    private TraceTable(HostProgram nft, string name, FollowedProgram? owner) =>
        (_nft, Name, _owner) = (nft, name, owner);

    /// <summary>With its family.</summary>
    internal string Name { get; }

    /// <summary>Makes it.</summary>
    /// <param name="nft">nftables' program.</param>
    /// <param name="destination">The probes'.</param>
    /// <param name="id">The probes'.</param>
    /// <exception cref="OperatorException">nft refuses.</exception>
    internal static TraceTable Make(HostProgram nft, Ipv4Address destination, ushort id)
    {
        foreach (string left in TraceLeftovers.Find(nft))
        {
            TraceLeftovers.Remove(nft, left);
        }

        string name = string.Create(CultureInfo.InvariantCulture, $"{TraceLeftovers.Prefix}{Environment.ProcessId}");
        string probes = $"ip daddr {destination} icmp type echo-request icmp id {id} meta nftrace set 1";
        string answers = $"ip saddr {destination} icmp type echo-reply icmp id {id} meta nftrace set 1";

        // An interactive nft takes a line as a whole.
        string Text(string flags) =>
            $"table {name} {{ {flags} "
                + $"chain arriving {{ type filter hook prerouting priority -301; {probes}; {answers}; }}; "
                + $"chain own {{ type filter hook output priority -301; {probes}; }}; }}";

        if (TryMakeOwned(nft, name, Text("flags owner;")) is { } owned)
        {
            return owned;
        }

        _ = nft.Run(Text("") + "\n", "-f", "-").OutputOrThrow();
        return new TraceTable(nft, name, owner: null);
    }

    /// <summary>Removes it.</summary>
    public void Dispose()
    {
        if (_owner is not null)
        {
            _owner.Tell($"delete table {Name}");
            _owner.Dispose();
        }
        else
        {
            TraceLeftovers.Remove(_nft, Name);
        }
    }

    // Null where the kernel or nft does not know owners, or nft is built without an interactive mode.
    private static TraceTable? TryMakeOwned(HostProgram nft, string name, string text)
    {
        if (nft.Run(text + "\n", "--check", "-f", "-").ExitCode != 0)
        {
            return null;
        }

        FollowedProgram owner = nft.Converse("-i");
        owner.Tell(text);
        long began = Stopwatch.GetTimestamp();
        while (!owner.HasEnded && Stopwatch.GetElapsedTime(began) < s_madeWithin)
        {
            if (nft.Run("", ["list", "table", .. name.Split(' ')]).ExitCode == 0)
            {
                return new TraceTable(nft, name, owner);
            }

            Readiness.Pause(PollMilliseconds);
        }

        owner.Dispose();
        return null;
    }
}
