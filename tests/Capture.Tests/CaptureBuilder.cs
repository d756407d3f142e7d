using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Overlay.Capture.Packets;

namespace Overlay.Capture.Tests;

/// <summary>Puts capture files together byte by byte, in either byte order; no code of the product.</summary>
internal sealed class CaptureBuilder(bool isBigEndian)
{
    private readonly List<byte> _bytes = [];

    /// <summary>A whole pcap file.</summary>
    internal static byte[] Pcap(
        bool isBigEndian, bool isNano, LinkType type, params (long Nanoseconds, byte[] Bytes, int WireLength)[] packets)
    {
        var file = new CaptureBuilder(isBigEndian);
        file.Add(file.Number32(isNano ? 0xa1b23c4d : 0xa1b2c3d4));
        file.Add(file.Number16(2), file.Number16(4), new byte[8], file.Number32(65535), file.Number32((uint)type));
        foreach ((long time, byte[] bytes, int wireLength) in packets)
        {
            long part = time % 1_000_000_000 / (isNano ? 1 : 1000);
            file.Add(file.Number32((uint)(time / 1_000_000_000)), file.Number32((uint)part));
            file.Add(file.Number32((uint)bytes.Length), file.Number32((uint)wireLength), bytes);
        }

        return file.ToArray();
    }

    internal byte[] ToArray() => [.. _bytes];

    internal void Section() => Block(
        0x0a0d0d0a, [.. Number32(0x1a2b3c4d), .. Number16(1), .. Number16(0), .. Number64(ulong.MaxValue)]);

    internal void Interface(LinkType type, uint snapLength, params (ushort Code, byte[] Value)[] options) => Block(
        1, [.. Number16((ushort)type), 0, 0, .. Number32(snapLength), .. Options(options)]);

    internal void Enhanced(
        uint number, ulong time, byte[] bytes, uint wireLength, params (ushort Code, byte[] Value)[] options) => Block(
        6,
        [
            .. Number32(number), .. Time(time), .. Number32((uint)bytes.Length), .. Number32(wireLength),
            .. Padded(bytes), .. Options(options),
        ]);

    internal void Statistics(uint number, ulong time, params (ushort Code, byte[] Value)[] options) =>
        Block(5, [.. Number32(number), .. Time(time), .. Options(options)]);

    internal void Simple(byte[] bytes, uint wireLength) => Block(3, [.. Number32(wireLength), .. Padded(bytes)]);

    internal void Old(ushort number, ushort drops, ulong time, byte[] bytes, uint wireLength) => Block(
        2,
        [
            .. Number16(number), .. Number16(drops), .. Time(time), .. Number32((uint)bytes.Length),
            .. Number32(wireLength), .. Padded(bytes),
        ]);

    internal void Block(uint type, byte[] body)
    {
        byte[] length = Number32((uint)(body.Length + 12));
        Add(Number32(type), length, body, length);
    }

    internal byte[] Number16(ushort value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        return InOrder(bytes);
    }

    internal byte[] Number32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return InOrder(bytes);
    }

    internal byte[] Number64(ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return InOrder(bytes);
    }

    private static byte[] Padded(byte[] bytes) => [.. bytes, .. new byte[-bytes.Length & 3]];

    private byte[] Time(ulong time) => [.. Number32((uint)(time >> 32)), .. Number32((uint)time)];

    private byte[] Options((ushort Code, byte[] Value)[] options)
    {
        List<byte> bytes = [];
        foreach ((ushort code, byte[] value) in options)
        {
            bytes.AddRange([.. Number16(code), .. Number16((ushort)value.Length), .. Padded(value)]);
        }

        return options.Length == 0 ? [] : [.. bytes, 0, 0, 0, 0];
    }

    private byte[] InOrder(byte[] littleEndian)
    {
        if (isBigEndian)
        {
            Array.Reverse(littleEndian);
        }

        return littleEndian;
    }

    private void Add(params byte[][] parts)
    {
        foreach (byte[] part in parts)
        {
            _bytes.AddRange(part);
        }
    }
}
