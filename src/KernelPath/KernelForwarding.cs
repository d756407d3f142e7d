using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Overlay.KernelPath.Maps;
using Overlay.KernelPath.Programs;
using Overlay.Linux;
using Overlay.Linux.Bpf;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Router.Packets;
using Overlay.Router.Routes;

namespace Overlay.KernelPath;

/// <summary>What the kernel path is made of.</summary>
/// <param name="Own">This host's endpoint.</param>
/// <param name="TunnelIndex">The tunnel's interface, which is up.</param>
/// <param name="TunnelMtu">In bytes.</param>
/// <param name="UnderlayIndex">The interface that has the endpoint's address.</param>
/// <param name="Network">The whole overlay network.</param>
/// <param name="SubnetLength">Of its subnets, as a rule.</param>
/// <param name="Peers">How many there are now: it has room for twice as many, and for 255 at least.</param>
public sealed record KernelForwardingOptions(
    TunnelEndpoint Own, int TunnelIndex, int TunnelMtu, int UnderlayIndex, Ipv4Prefix Network, int SubnetLength,
    int Peers = 0);

/// <summary>What the kernel has forwarded for one peer, or for all.</summary>
/// <param name="Peer">Its public IP; 0.0.0.0 for all.</param>
/// <param name="IsReached">Whether it takes what the kernel encapsulates.</param>
/// <param name="OutboundPackets">To it.</param>
/// <param name="OutboundBytes">Of inner packets.</param>
/// <param name="InboundPackets">From it.</param>
/// <param name="InboundBytes">Of inner packets.</param>
/// <param name="OutboundDrops">For want of memory.</param>
/// <param name="InboundDrops">For want of memory.</param>
public readonly record struct KernelCounters(
    Ipv4Address Peer, bool IsReached, long OutboundPackets, long OutboundBytes, long InboundPackets, long InboundBytes,
    long OutboundDrops, long InboundDrops)
{
    /// <summary>Adds up the numbers; whose they are is the left one's.</summary>
    public static KernelCounters operator +(KernelCounters left, KernelCounters right) => left with
    {
        OutboundPackets = left.OutboundPackets + right.OutboundPackets,
        OutboundBytes = left.OutboundBytes + right.OutboundBytes,
        InboundPackets = left.InboundPackets + right.InboundPackets,
        InboundBytes = left.InboundBytes + right.InboundBytes,
        OutboundDrops = left.OutboundDrops + right.OutboundDrops,
        InboundDrops = left.InboundDrops + right.InboundDrops,
    };
}

/// <summary>
/// Forwards between the tunnel and the underlay inside the kernel, to and from peers that do the same; all else is
/// left to user space.
/// </summary>
/// <remarks>Any thread may call; one at a time is let in.</remarks>
public sealed class KernelForwarding : IDisposable
{
    private readonly Lock _changing = new();
    private readonly KernelForwardingOptions _options;
    private readonly KernelMaps _maps;
    private readonly PeerSlots _slots;

    private PeerProber? _prober;
    private HelperLinks? _helpers;
    private BpfProgram? _encapsulation;
    private BpfProgram? _decapsulation;
    private readonly List<(string Name, int Index)> _interfaces = []; // that others have made
    private readonly List<(string Place, BpfLink Link)> _programs = [];
    private bool _isDisposed;

    private KernelForwarding(KernelForwardingOptions options)
    {
        _options = options;
        _maps = KernelMaps.Create(RouteIndex.Of(options.Network, options.SubnetLength) ?? throw new LinuxException(
            "bpf", Errno.E2BIG, $"the Network {options.Network} has too many subnets of /{options.SubnetLength}",
            $"it has room for {RouteIndex.MostEntries}: choose a shorter SubnetLen"),
            KernelMaps.SlotsFor(options.Peers));
        _slots = new PeerSlots(_maps);
    }

    /// <summary>How many peers it can have room for.</summary>
    public const int MostPeers = KernelMaps.MostSlots - 1;

    /// <summary>How many peers it has room for, as it was opened.</summary>
    public int Room => _maps.Slots - 1;

    /// <summary>Peers that it had no room for when <see cref="Add"/> was called last: user space has them.</summary>
    public int LeftOut
    {
        get
        {
            lock (_changing)
            {
                return _slots.LeftOut;
            }
        }
    }

    /// <summary>Loads the programs and attaches them. Nothing is forwarded before <see cref="Add"/>.</summary>
    /// <param name="options">What it is made of.</param>
    /// <param name="netlink">Of the calling thread's namespace; it is borrowed for this call.</param>
    /// <exception cref="LinuxException">The kernel refused a step; nothing is left.</exception>
    public static KernelForwarding Open(KernelForwardingOptions options, RouteNetlink netlink)
    {
        var made = new KernelForwarding(options);
        try
        {
            made.Assemble(netlink);
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>Takes up what a table has, before user space does.</summary>
    /// <param name="table">The one that is about to be in force.</param>
    /// <param name="peers">Those of its next hops that datagrams leave to by the underlay's interface.</param>
    public void Add(RouteTable table, IReadOnlyList<KernelPeer> peers)
    {
        lock (_changing)
        {
            if (!_isDisposed)
            {
                _slots.Add(table, peers);
            }
        }
    }

    /// <summary>Drops what a table no longer has, after user space has.</summary>
    /// <param name="table">The one in force.</param>
    /// <param name="peers">As in <see cref="Add"/>.</param>
    public void RemoveOthers(RouteTable table, IReadOnlyList<KernelPeer> peers)
    {
        lock (_changing)
        {
            if (!_isDisposed)
            {
                _slots.RemoveOthers(table, peers);
            }
        }
    }

    /// <summary>Asks the peers that are due whether they take datagrams from the kernel. To be called twice a
    /// second.</summary>
    /// <param name="seconds">Of a clock that does not go back.</param>
    /// <param name="pathMtuOf">What has been learned of the path to a peer: its inner MTU in bytes.</param>
    public void AskPeers(long seconds, Func<Ipv4Address, int> pathMtuOf)
    {
        lock (_changing)
        {
            if (_isDisposed)
            {
                return;
            }

            foreach (PeerSlot peer in _slots.Peers)
            {
                _slots.SetInnerMtu(peer, Math.Min(peer.RouteMtu, pathMtuOf(peer.Address)));
                if (_maps.States.Find<uint, PeerState>(peer.Slot) is { } state)
                {
                    _prober?.AskIfDue(peer, state, seconds);
                }
            }
        }
    }

    /// <summary>What is missing of it, in words; null when all is there.</summary>
    /// <param name="netlink">Of the namespace that it was opened in; it is borrowed for this call.</param>
    public string? FindFault(RouteNetlink netlink)
    {
        lock (_changing)
        {
            if (_isDisposed)
            {
                return null;
            }

            foreach ((string name, int index) in _interfaces.Concat(_helpers?.Interfaces ?? []))
            {
                Link? link = netlink.FindLink(index);
                bool isOfOthers = index == _options.TunnelIndex || index == _options.UnderlayIndex;
                if (link is null || (!link.IsUp && !isOfOthers))
                {
                    return $"interface {name} is {(link is null ? "gone" : "down")}";
                }
            }

            (string Place, BpfLink Link) detached = _programs.Concat(_helpers?.Programs ?? [])
                .FirstOrDefault(program => !program.Link.IsAttached);
            return detached.Link is null ? null : $"the program at {detached.Place} was detached";
        }
    }

    /// <summary>What was forwarded for each peer that is there now.</summary>
    public IReadOnlyList<KernelCounters> ReadPeers()
    {
        lock (_changing)
        {
            ulong now = MonotonicClock.Nanoseconds;
            return _isDisposed ? [] : [.. _slots.Peers.Select(peer => Report(
                peer.Address,
                _maps.States.Find<uint, PeerState>(peer.Slot) is { } state && state.ReachableUntil > now,
                _slots.Counted(peer)))];
        }
    }

    /// <summary>What was forwarded for all peers since the start.</summary>
    public KernelCounters ReadTotals()
    {
        lock (_changing)
        {
            if (_isDisposed)
            {
                return default;
            }

            ulong[] sums = _slots.Retired.ToArray();
            foreach (PeerSlot peer in _slots.Peers)
            {
                ulong[] counted = _slots.Counted(peer);
                for (int i = 0; i < sums.Length; i++)
                {
                    sums[i] += counted[i];
                }
            }

            return Report(default, false, sums);
        }
    }

    /// <summary>
    /// Tells the peers, then takes the programs away: everything goes through user space from now on.
    /// </summary>
    public void Dispose()
    {
        lock (_changing)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            foreach (PeerSlot peer in _slots.Peers)
            {
                _prober?.Farewell(peer);
            }

            _programs.ForEach(program => program.Link.Dispose());
            _encapsulation?.Dispose();
            _decapsulation?.Dispose();
            _helpers?.Dispose();
            _prober?.Dispose();
            _maps.Dispose();
        }
    }

    private void Assemble(RouteNetlink netlink)
    {
        string tunnel = NameOf(_options.TunnelIndex);
        string underlay = NameOf(_options.UnderlayIndex);

        // A kernel without tcx refuses here, before any interface is made. Without peers the program passes all.
        _encapsulation = BpfProgram.Load("overlay_out", EncapsulationProgram.Write(
            _maps, _options.Own, _options.UnderlayIndex));
        _programs.Add(($"the egress of {tunnel}", BpfLink.Attach(
            _encapsulation, _options.TunnelIndex, BpfAttachPoint.Egress)));
        _prober = PeerProber.Open(_options.Own, _maps);
        _helpers = HelperLinks.Open(_options.TunnelIndex);
        _decapsulation = BpfProgram.Load("overlay_in", DecapsulationProgram.Write(
            _maps, _options.Own, _options.TunnelMtu, _helpers.Points));

        // Peers send to the kernel once this one has answered.
        _programs.Add(($"the ingress of {underlay}", BpfLink.Attach(
            _decapsulation, _options.UnderlayIndex, BpfAttachPoint.Ingress)));

        string NameOf(int index)
        {
            string name = netlink.FindLink(index)?.Name
                ?? throw new LinuxException("RTM_GETLINK", Errno.ENODEV, $"interface {index} is gone");
            _interfaces.Add((name, index));
            return name;
        }
    }

    private static KernelCounters Report(Ipv4Address peer, bool isReached, ulong[] counted)
    {
        return new KernelCounters(
            peer,
            isReached,
            Number(SlotCounters.OutboundPackets),
            Number(SlotCounters.OutboundBytes),
            Number(SlotCounters.InboundPackets),
            Number(SlotCounters.InboundBytes),
            Number(SlotCounters.OutboundDrops),
            Number(SlotCounters.InboundDrops));

        long Number(int offset) => (long)counted[offset / sizeof(ulong)];
    }
}
