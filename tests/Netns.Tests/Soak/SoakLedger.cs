using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Control;
using Overlay.Netns.Tests.Support;

namespace Overlay.Netns.Tests.Soak;

/// <summary>What one daemon sent to another, and what became of it. Datagrams, where nothing else is said.</summary>
/// <param name="Name"><c>1 → 2</c>.</param>
/// <param name="Sent">By the one.</param>
/// <param name="Arrived">Read by the other: forwarded, or dropped under a reason.</param>
/// <param name="SocketDrops">Messages that the other's receive buffer did not take.</param>
/// <param name="WireDrops">Frames that an interface between them did not take.</param>
internal sealed record PathBalance(string Name, long Sent, long Arrived, long SocketDrops, long WireDrops)
{
    // A message or frame is a datagram at the least and a whole train at the most.
    internal const int DatagramsPerTrain = 127;

    internal long Missing => Sent - Arrived;

    /// <summary>Whether counted drops account for what is missing: exactly when there were none.</summary>
    internal bool IsExplained => Missing >= SocketDrops && Missing <= (SocketDrops + WireDrops) * DatagramsPerTrain;
}

/// <summary>What a pod sent to another by UDP, and what became of it.</summary>
/// <param name="Name"><c>pod 1 → pod 2</c>.</param>
/// <param name="Sent">Taken by the one's kernel.</param>
/// <param name="Received">By the other's program, each once.</param>
/// <param name="Places">Where packets of that way were dropped and counted; what else goes there is among them.</param>
internal sealed record PodBalance(string Name, long Sent, long Received, IReadOnlyList<DropPlace> Places)
{
    internal long Missing => Sent - Received;

    /// <summary>Whether counted drops can account for what is missing.</summary>
    internal bool IsExplained => Missing >= 0 && Missing <= Places.Sum(place => place.MostPackets);

    public override string ToString() =>
        $"{Name}: {Sent} sent, {Received} received, {Missing} missing; dropped: {string.Join(", ", Places)}";
}

/// <summary>Draws up the balance of the paths between hosts 1 and 2, of numbers that no longer change.</summary>
/// <remarks>
/// Host 1 also exchanges packets with host 3, whose daemons' counters end with them: those are counted on its wire.
/// </remarks>
internal sealed class SoakLedger : IDisposable
{
    private readonly TestLab _lab;
    private readonly ThirdHostTap _third;

    /// <param name="lab">Nothing has been sent to or from host 3.</param>
    internal SoakLedger(TestLab lab)
    {
        _lab = lab;
        _third = new ThirdHostTap(lab.Host(3));
    }

    public void Dispose() => _third.Dispose();

    /// <summary>All that the balance is made of, for finding out whether it still changes.</summary>
    internal string State() => string.Join(
        ' ',
        ((int[])[1, 2]).Select(number => _lab.Counters(number))
            .Select(counters => $"{counters.Outbound.Packets}/{Read(counters)}")
            .Append($"{_third.Arrived} {_third.Sent}"));

    /// <summary>The balance of now.</summary>
    internal IReadOnlyList<PathBalance> Paths()
    {
        CountersReport first = _lab.Counters(1), second = _lab.Counters(2);
        return
        [
            new PathBalance(
                "1 → 2", first.Outbound.Packets - _third.Arrived, Read(second), SocketDrops(second),
                WireDrops(1, 2) + WireDrops(1, 3)),
            new PathBalance(
                "2 → 1", second.Outbound.Packets, Read(first) - _third.Sent, SocketDrops(first),
                WireDrops(2, 1) + WireDrops(3, 1)),
        ];
    }

    private static long Read(CountersReport counters) => counters.Inbound.Packets + counters.Inbound.Drops.Values.Sum();

    private static long SocketDrops(CountersReport counters) => counters.Kernel?.SocketBufferFull ?? 0;

    // Into the wire, and out of it.
    private long WireDrops(int from, int to) =>
        KernelCounters.TransmitDrops(_lab.Host(from).HostNamespace, "eth0")
        + KernelCounters.TransmitDrops(_lab.Plan.WireNamespace, _lab.Host(to).Name);
}
