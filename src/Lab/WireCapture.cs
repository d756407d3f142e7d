using System;
using System.Diagnostics;
using Overlay.Lab.Decoding;
using Overlay.Linux;

namespace Overlay.Lab;

/// <summary>Listens on one interface of a namespace for encapsulated packets.</summary>
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
    public EncapsulatedPacket? FirstOutgoing(Func<EncapsulatedPacket, bool> wanted, TimeSpan within)
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
                && EncapsulatedPacket.TryDecode(_frame.AsSpan(0, length), out EncapsulatedPacket? packet)
                && packet is not null && wanted(packet))
            {
                return packet;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
