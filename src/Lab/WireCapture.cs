using System;
using System.Diagnostics;
using Overlay.Capture.Packets;
using Overlay.Linux;

namespace Overlay.Lab;

/// <summary>Listens on one Ethernet interface of a namespace for packets of pods.</summary>
public sealed class WireCapture : IDisposable
{
    private readonly PacketSocket _socket;
    private readonly PacketDecoder _decoder = new();
    private readonly byte[] _frame = new byte[64 * 1024];

    /// <summary>Starts to listen.</summary>
    /// <param name="networkNamespace">Where the interface is.</param>
    /// <param name="interfaceIndex">Which one.</param>
    public WireCapture(string networkNamespace, int interfaceIndex) =>
        _socket = LabNamespace.Run(networkNamespace, () => PacketSocket.Open(interfaceIndex));

    /// <summary>The first packet since the start that left the interface and is wanted.</summary>
    /// <param name="wanted">Told each IPv4 packet in which nothing is wrong, with another inside or without.</param>
    /// <param name="within">How long to look.</param>
    /// <returns>Null when none passed.</returns>
    public DecodedPacket? FirstOutgoing(Func<DecodedPacket, bool> wanted, TimeSpan within)
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            TimeSpan left = within - Stopwatch.GetElapsedTime(began);
            if (left <= TimeSpan.Zero
                || !_socket.TryReceive(_frame, left, out int length, out PacketDirection direction))
            {
                return null;
            }

            DecodedPacket packet = _decoder.Decode(LinkType.Ethernet, _frame.AsMemory(0, length), length);
            if (direction == PacketDirection.Outgoing
                && packet is { Outer.Network: NetworkKind.Ipv4, Fault: PacketFault.None }
                && wanted(packet))
            {
                // The next frame is read over this one.
                return _decoder.Decode(LinkType.Ethernet, packet.Bytes.ToArray(), length);
            }
        }
    }

    /// <summary>As <see cref="FirstOutgoing"/>, of packets of pods in others.</summary>
    /// <param name="wanted">Told each that is carried in UDP, or in VXLAN.</param>
    /// <param name="within">How long to look.</param>
    /// <returns>Null when none passed.</returns>
    public DecodedPacket? FirstCarried(Func<DecodedPacket, bool> wanted, TimeSpan within) => FirstOutgoing(
        packet => packet is { HasInner: true, Inner.Network: NetworkKind.Ipv4 } && wanted(packet), within);

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
