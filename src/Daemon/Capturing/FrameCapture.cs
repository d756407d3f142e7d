using System;
using System.Buffers;
using System.Buffers.Binary;
using Overlay.Capture.Filters;
using Overlay.Capture.Packets;
using Overlay.Control;
using Overlay.Daemon.Backends;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Capturing;

/// <summary>Captures what the kernel forwards, at the underlay's interface: user space does not see it.</summary>
internal sealed class FrameCapture : IDisposable
{
    private const int BufferBytes = 4 << 20;
    private const int MostFramesPerVisit = 4096;
    private const int EthernetBytes = 14;
    private const int OuterBytes = EthernetBytes + 20 + 8 + 8 + 14; // what may stand before an inner packet

    private readonly PacketSocket _socket;
    private readonly PacketFilter _filter;
    private readonly Ipv4Address? _peer;
    private readonly PacketDecoder _decoder;
    private readonly TimeProvider _clock;
    private readonly byte[] _piece;
    private readonly int _perSecond;
    private double _allowance;
    private long _filledAt;

    /// <summary>Begins.</summary>
    /// <param name="sources">Which interface and ports.</param>
    /// <param name="request">How much of each.</param>
    /// <param name="filter">Which frames.</param>
    /// <param name="peer">The only peer wanted; null for all.</param>
    /// <param name="clock">Says when frames came.</param>
    /// <exception cref="LinuxException">The kernel refused the socket.</exception>
    /// <exception cref="OperatorException">The interface is gone.</exception>
    internal FrameCapture(
        CaptureSources sources, CaptureRequest request, PacketFilter filter, Ipv4Address? peer, TimeProvider clock)
    {
        (_filter, _peer, _clock) = (filter, peer, clock);
        (_perSecond, _allowance) = (request.PacketsPerSecond, request.PacketsPerSecond);
        _filledAt = clock.GetTimestamp();
        BackendState state = sources.State;
        _decoder = new PacketDecoder(state.TunnelPort ?? PacketDecoder.DefaultPort, state.VxlanPort);
        int snapBytes = Math.Min(request.SnapBytes + OuterBytes, ReceiveBatch.SlotBytes);
        _piece = new byte[CapturedFrame.HeadBytes + snapBytes];
        using var netlink = RouteNetlink.Open();
        Link link = netlink.FindLink(sources.Underlay)
            ?? throw new OperatorException($"the underlay's interface {sources.Underlay} is gone");
        _socket = PacketSocket.Open(link.Index, state.UdpPorts.Count > 0
            ? FrameFilter.OfUdpPorts(state.UdpPorts, snapBytes)
            : FrameFilter.OfNetwork(sources.Network, snapBytes));
        _socket.EnlargeReceiveBuffer(BufferBytes);
    }

    /// <summary>Frames that were wanted.</summary>
    internal long Matched { get; private set; }

    /// <summary>Those of them that were over the budget.</summary>
    internal long Lost { get; private set; }

    /// <summary>Frames that the kernel had no room for; whether they were wanted nobody knows.</summary>
    internal long LostByKernel { get; private set; }

    /// <summary>Takes what waits, but not for ever.</summary>
    internal void Read(IBufferWriter<byte> output)
    {
        Span<byte> frame = _piece.AsSpan(CapturedFrame.HeadBytes);
        _allowance = Math.Min(
            _perSecond, _allowance + (_clock.GetElapsedTime(_filledAt).TotalSeconds * _perSecond));
        _filledAt = _clock.GetTimestamp();
        for (int i = 0; i < MostFramesPerVisit
            && _socket.TryReceive(frame, TimeSpan.Zero, out int length, out PacketDirection direction); i++)
        {
            int kept = Math.Min(length, frame.Length);
            int wireLength = WireLength(frame[..kept]);
            DecodedPacket packet = _decoder.Decode(
                LinkType.Ethernet, _piece.AsMemory(CapturedFrame.HeadBytes, kept), wireLength);
            if (!IsWanted(packet))
            {
                continue;
            }

            Matched++;
            if (_allowance < 1)
            {
                Lost++;
                continue;
            }

            _allowance--;
            new CapturedFrame(
                (_clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick,
                direction == PacketDirection.Outgoing, (int)LinkType.Ethernet, wireLength).Write(_piece);
            CapturePart.Write(
                output, CapturePartKind.Frame, _piece.AsSpan(0, CapturedFrame.HeadBytes + kept));
        }

        LostByKernel += _socket.TakeLost();
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    // The filter has cut the frame; how long it was its IPv4 header tells.
    private static int WireLength(ReadOnlySpan<byte> frame) => frame.Length < EthernetBytes + 4
        ? frame.Length
        : Math.Max(frame.Length, EthernetBytes + BinaryPrimitives.ReadUInt16BigEndian(frame[(EthernetBytes + 2)..]));

    private bool IsWanted(in DecodedPacket packet) =>
        (_peer is not { } only || packet.Outer.Network != NetworkKind.Ipv4
            || packet.Outer.Ipv4.Source == only || packet.Outer.Ipv4.Destination == only)
        && _filter.Matches(packet);
}
