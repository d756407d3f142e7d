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
    private const int DatagramsPerTrain = 127;

    internal long Missing => Sent - Arrived;

    /// <summary>Whether counted drops account for what is missing: exactly when there were none.</summary>
    internal bool IsExplained => Missing >= SocketDrops && Missing <= (SocketDrops + WireDrops) * DatagramsPerTrain;
}

/// <summary>Draws up the balance of the paths between hosts 1 and 2, of numbers that no longer change.</summary>
/// <remarks>
/// Host 1 also exchanges packets with host 3, whose daemons' counters end with them. The kernel's counters of host 3's
/// namespace do not, and only its daemons use UDP there. What each start sends to itself, to find out how long a train
/// may be, is measured at the first start.
/// </remarks>
internal sealed class SoakLedger
{
    private readonly TestLab _lab;
    private readonly long _arrivedPerStart;
    private readonly long _sentPerStart;

    /// <param name="lab">Host 3's daemon has been started once, and nothing has been sent to or from it.</param>
    internal SoakLedger(TestLab lab)
    {
        _lab = lab;
        _arrivedPerStart = Arrived(3);
        _sentPerStart = Snmp(3, "OutDatagrams");
    }

    /// <summary>All that the balance is made of, for finding out whether it still changes.</summary>
    internal string State() => string.Join(
        ' ',
        ((int[])[1, 2]).Select(
            number => (_lab.Counters(number).Outbound.Packets, Read(_lab.Counters(number)))).Select(pair => $"{pair}")
            .Append($"{Arrived(3)} {Snmp(3, "OutDatagrams")}"));

    /// <summary>The balance of now.</summary>
    /// <param name="thirdStarts">Starts of host 3's daemon.</param>
    internal IReadOnlyList<PathBalance> Paths(int thirdStarts)
    {
        long toThird = Arrived(3) - (thirdStarts * _arrivedPerStart);
        long fromThird = Snmp(3, "OutDatagrams") - (thirdStarts * _sentPerStart);
        CountersReport first = _lab.Counters(1), second = _lab.Counters(2);
        return
        [
            new PathBalance(
                "1 → 2", first.Outbound.Packets - toThird, Read(second), SocketDrops(second),
                WireDrops(1, 2) + WireDrops(1, 3)),
            new PathBalance(
                "2 → 1", second.Outbound.Packets, Read(first) - fromThird, SocketDrops(first), WireDrops(2, 1)),
        ];
    }

    private static long Read(CountersReport counters) => counters.Inbound.Packets + counters.Inbound.Drops.Values.Sum();

    private static long SocketDrops(CountersReport counters) => counters.Kernel?.SocketBufferFull ?? 0;

    // Into the wire, and out of it.
    private long WireDrops(int from, int to) =>
        KernelCounters.TransmitDrops(_lab.Host(from).HostNamespace, "eth0")
        + KernelCounters.TransmitDrops(_lab.Plan.WireNamespace, _lab.Host(to).Name);

    // InErrors has the full receive buffers, too.
    private long Arrived(int number) =>
        Snmp(number, "InDatagrams") + Snmp(number, "NoPorts") + Snmp(number, "InErrors");

    private long Snmp(int number, string counter) =>
        KernelCounters.Snmp(_lab.Host(number).HostNamespace, "Udp", counter);
}
