using System;
using System.Diagnostics;
using Overlay.Lab.Decoding;
using Overlay.Linux;

namespace Overlay.Lab;

/// <summary>Decodes a frame; false when it is of another kind.</summary>
public delegate bool FrameDecoder<T>(ReadOnlySpan<byte> frame, out T? packet);

/// <summary>Listens on one interface of a namespace for packets of pods.</summary>
public sealed class WireCapture : IDisposable
{
    private readonly PacketSocket _socket;
    private readonly byte[] _frame = new byte[64 * 1024];

    /// <summary>Starts to listen.</summary>
    /// <param name="networkNamespace">Where the interface is.</param>
    /// <param name="interfaceIndex">Which one.</param>
    public WireCapture(string networkNamespace, int interfaceIndex) =>
        _socket = LabNamespace.Run(networkNamespace, () => PacketSocket.Open(interfaceIndex));

    /// <summary>The first encapsulated packet since the start that left the interface and is wanted.</summary>
    /// <param name="wanted">Told each one that can be decoded.</param>
    /// <param name="within">How long to look.</param>
    /// <returns>Null when none passed.</returns>
    public EncapsulatedPacket? FirstOutgoing(Func<EncapsulatedPacket, bool> wanted, TimeSpan within) => FirstOutgoing(
        (ReadOnlySpan<byte> frame, out EncapsulatedPacket? packet) => EncapsulatedPacket.TryDecode(frame, out packet),
        wanted, within);

    /// <summary>The first packet of a kind since the start that left the interface and is wanted.</summary>
    /// <param name="decode">Tells the kind.</param>
    /// <param name="wanted">Told each one that can be decoded.</param>
    /// <param name="within">How long to look.</param>
    /// <returns>Null when none passed.</returns>
    public T? FirstOutgoing<T>(FrameDecoder<T> decode, Func<T, bool> wanted, TimeSpan within)
        where T : class
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

            if (direction == PacketDirection.Outgoing
                && decode(_frame.AsSpan(0, length), out T? packet)
                && packet is not null && wanted(packet))
            {
                return packet;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
