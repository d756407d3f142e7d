using System;
using System.Buffers.Binary;
using Overlay.Net;
using Overlay.Router.Counters;

namespace Overlay.Router.Tapping;

/// <summary>What a capture keeps of a packet: a head of fixed length, then the packet's first bytes.</summary>
/// <remarks>
/// The packet is as it was after the verdict: one that was forwarded has lost one of its time to live already, so
/// outbound it is as on the wire, inbound as on the TUN. One that was dropped is as it came. Little-endian.
/// <code>
/// 0       4          5        6..7  8     12              20  28      32      36
/// | bytes | direction | verdict |   | peer | nanoseconds | id | length | count | packet …
/// </code>
/// </remarks>
public readonly record struct TapRecord(
    TapDirection Direction, DropReason Verdict, Ipv4Address Peer, long Nanoseconds, ulong Id, int Length, int Count)
{
    /// <summary>Bytes of the head.</summary>
    public const int HeadBytes = 36;

    /// <summary>Writes the head.</summary>
    /// <param name="bytes">Takes <see cref="HeadBytes"/> bytes.</param>
    /// <param name="kept">Bytes of the packet that follow it.</param>
    public void Write(Span<byte> bytes, int kept)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes, HeadBytes + kept);
        bytes[4] = (byte)Direction;
        bytes[5] = (byte)Verdict;
        bytes[6] = bytes[7] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], Peer.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[12..], Nanoseconds);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[20..], Id);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[28..], Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[32..], Count);
    }

    /// <summary>Takes one record off the beginning.</summary>
    /// <param name="records">What is left of them; unchanged after false.</param>
    /// <param name="record">The head.</param>
    /// <param name="packet">The packet's first bytes; empty of a loss without bytes.</param>
    /// <returns>False when there is none, or not all of one.</returns>
    public static bool TryTake(ref ReadOnlyMemory<byte> records, out TapRecord record, out ReadOnlyMemory<byte> packet)
    {
        record = default;
        packet = default;
        ReadOnlySpan<byte> bytes = records.Span;
        if (bytes.Length < HeadBytes || BinaryPrimitives.ReadInt32LittleEndian(bytes) is not (>= HeadBytes and int all)
            || all > bytes.Length)
        {
            return false;
        }

        record = new TapRecord(
            (TapDirection)bytes[4],
            (DropReason)bytes[5],
            new Ipv4Address(BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..])),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[12..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[20..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[28..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[32..]));
        packet = records[HeadBytes..all];
        records = records[all..];
        return true;
    }
}
