using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Capture.Files;

/// <summary>Reads pcapng (IETF draft-ietf-opsawg-pcapng): any number of sections, each in its own byte order.</summary>
internal sealed class PcapngReader : CaptureReader
{
    private const int BlockHeaderBytes = 8, TrailerBytes = 4, ShortestBlock = BlockHeaderBytes + TrailerBytes;
    private const int SectionFixedBytes = 16, MajorVersion = 1, MostInterfaces = 65_536;

    private readonly List<TimeResolution> _resolutions = []; // of Interfaces, one each
    private bool _isBigEndian;
    private int _firstOfSection;

    /// <summary>Begins to read.</summary>
    /// <param name="input">With the first four bytes in hand, or not; it is at the file's beginning.</param>
    internal PcapngReader(ChunkedInput input)
        : base(input)
    {
    }

    /// <inheritdoc/>
    public override async ValueTask<CapturedPacket?> ReadAsync(CancellationToken cancellation = default)
    {
        while (true)
        {
            bool isFirst = Input.Position == 4; // what the format was told by
            if (!isFirst)
            {
                Input.Pass();
                if (!await Input.TryReadAsync(1, cancellation))
                {
                    return null;
                }
            }

            // A section's byte order is told behind its length.
            await RequireAsync(ShortestBlock - Input.Bytes.Length, "the header of a block", cancellation);
            uint type = ReadHeader(out uint length);
            if (!IsRead(type))
            {
                await SkipAsync(length - ShortestBlock, cancellation);
                continue;
            }

            if (length > LongestBlock)
            {
                throw new CaptureFormatException(
                    $"the block before byte {Input.Position} says that it has {length} bytes, more than the "
                        + $"{LongestBlock} that are read: the file is damaged");
            }

            await RequireAsync((int)length - ShortestBlock, "a block", cancellation);
            if (ReadBlock(type, (int)length) is { } packet)
            {
                return packet;
            }
        }
    }

    private static bool IsRead(uint type) => type is BlockType.Section or BlockType.Interface
        or BlockType.EnhancedPacket or BlockType.SimplePacket or BlockType.OldPacket or BlockType.Statistics;

    private async ValueTask SkipAsync(long count, CancellationToken cancellation)
    {
        if (!await Input.TrySkipAsync(count, cancellation))
        {
            await RequireAsync(1, "a block", cancellation);
        }
    }

    private uint ReadHeader(out uint length)
    {
        ReadOnlySpan<byte> header = Input.Bytes.Span;
        uint type = BinaryPrimitives.ReadUInt32BigEndian(header);
        if (type == BlockType.Section)
        {
            uint magic = BinaryPrimitives.ReadUInt32BigEndian(header[8..]);
            _isBigEndian = magic == BlockType.ByteOrderMagic;
            if (!_isBigEndian && BinaryPrimitives.ReverseEndianness(magic) != BlockType.ByteOrderMagic)
            {
                throw Damaged($"a section has the byte order 0x{magic:x8}");
            }
        }
        else
        {
            type = Number(header);
        }

        length = Number(header[4..]);
        if (length % 4 != 0 || length < ShortestBlock)
        {
            throw Damaged($"a block has the length {length}");
        }

        return type;
    }

    private CapturedPacket? ReadBlock(uint type, int length)
    {
        ReadOnlyMemory<byte> block = Input.Bytes;
        uint trailer = Number(block.Span[(length - TrailerBytes)..]);
        if (trailer != length)
        {
            throw Damaged($"a block of {length} bytes ends as one of {trailer}");
        }

        ReadOnlyMemory<byte> body = block[BlockHeaderBytes..(length - TrailerBytes)];
        switch (type)
        {
            case BlockType.Section:
                ReadSection(body.Span);
                return null;
            case BlockType.Interface:
                ReadInterface(body.Span);
                return null;
            case BlockType.Statistics:
                ReadStatistics(body.Span);
                return null;
            case BlockType.EnhancedPacket:
                return ReadEnhancedPacket(body);
            case BlockType.SimplePacket:
                return ReadSimplePacket(body);
            default:
                return ReadOldPacket(body);
        }
    }

    private void ReadSection(ReadOnlySpan<byte> body)
    {
        Demand(body, SectionFixedBytes);
        ushort major = Short(body[4..]);
        if (major != MajorVersion)
        {
            throw new CaptureFormatException(
                $"it is pcapng of version {major}, and only {MajorVersion} is read; rewrite it: editcap -F pcapng FILE "
                    + "NEW");
        }

        _firstOfSection = Interfaces.Count;
    }

    private void ReadInterface(ReadOnlySpan<byte> body)
    {
        Demand(body, 8);
        if (Interfaces.Count == MostInterfaces)
        {
            throw Damaged($"it has more than {MostInterfaces} interfaces");
        }

        var captured = new CaptureInterface(
            LinkTypes.OfNumber(Short(body)), (int)Math.Min(Number(body[4..]), int.MaxValue));
        TimeResolution resolution = TimeResolution.Microseconds;
        var options = new OptionReader(body[8..], _isBigEndian);
        while (options.TryNext(out ushort code, out ReadOnlySpan<byte> value))
        {
            switch (code)
            {
                case BlockOption.InterfaceName:
                    captured = captured with { Name = OptionReader.ShortText(value) };
                    break;
                case BlockOption.InterfaceDescription:
                    captured = captured with { Description = OptionReader.ShortText(value) };
                    break;
                case BlockOption.InterfaceFilter when value.Length > 0 && value[0] == 0:
                    captured = captured with { Filter = OptionReader.ShortText(value[1..]) };
                    break;
                case BlockOption.InterfaceResolution when value.Length == 1:
                    resolution = resolution with { Exponent = value[0] };
                    break;
                case BlockOption.InterfaceOffset when value.Length == 8:
                    resolution = resolution with { OffsetSeconds = (long)options.Number64(value) };
                    break;
            }
        }

        Add(captured);
        _resolutions.Add(resolution);
    }

    private void ReadStatistics(ReadOnlySpan<byte> body)
    {
        Demand(body, StatisticsBlock.FixedBytes);
        int index = IndexOf(Number(body), "statistics are");
        Add(StatisticsBlock.Read(
            new OptionReader(body[StatisticsBlock.FixedBytes..], _isBigEndian), index, High(body[4..]),
            _resolutions[index]));
    }

    private CapturedPacket ReadEnhancedPacket(ReadOnlyMemory<byte> body)
    {
        ReadOnlySpan<byte> bytes = body.Span;
        Demand(bytes, 20);
        CapturedPacket packet = Packet(
            body, 20, Number(bytes), High(bytes[4..]), kept: Number(bytes[12..]), length: Number(bytes[16..]));
        return WithOptions(packet, bytes[(20 + Padded(packet.Bytes.Length))..]);
    }

    private CapturedPacket ReadSimplePacket(ReadOnlyMemory<byte> body)
    {
        Demand(body.Span, 4);
        uint length = Number(body.Span);
        uint kept = (uint)Math.Min(length, body.Length - 4);
        if (_firstOfSection < Interfaces.Count && Interfaces[_firstOfSection].SnapLength is > 0 and int snap)
        {
            kept = Math.Min(kept, (uint)snap);
        }

        return Packet(body, 4, 0, null, kept, length);
    }

    private CapturedPacket ReadOldPacket(ReadOnlyMemory<byte> body)
    {
        ReadOnlySpan<byte> bytes = body.Span;
        Demand(bytes, 20);
        CapturedPacket packet = Packet(
            body, 20, Short(bytes), High(bytes[4..]), kept: Number(bytes[12..]), length: Number(bytes[16..]));
        ushort drops = Short(bytes[2..]);
        packet = packet with { DropCount = drops == ushort.MaxValue ? 0u : drops }; // all ones: not known
        return WithOptions(packet, bytes[(20 + Padded(packet.Bytes.Length))..]);
    }

    private CapturedPacket Packet(
        ReadOnlyMemory<byte> body, int offset, uint number, ulong? time, uint kept, uint length)
    {
        int index = IndexOf(number, "a packet is");
        if (kept > body.Length - offset)
        {
            throw Damaged($"a packet of {kept} bytes is in a block that has room for {body.Length - offset}");
        }

        return new CapturedPacket(
            body.Slice(offset, (int)kept),
            (int)Math.Clamp(length, kept, int.MaxValue),
            index,
            time is { } units ? _resolutions[index].ToNanoseconds(units) : 0);
    }

    private int IndexOf(uint number, string what) => number < (uint)(Interfaces.Count - _firstOfSection)
        ? _firstOfSection + (int)number
        : throw Damaged($"{what} of interface {number}, which the section does not have");

    private CapturedPacket WithOptions(CapturedPacket packet, ReadOnlySpan<byte> bytes)
    {
        var options = new OptionReader(bytes, _isBigEndian);
        while (options.TryNext(out ushort code, out ReadOnlySpan<byte> value))
        {
            packet = (code, value.Length) switch
            {
                (BlockOption.Comment, _) => packet with { Comment = packet.Comment ?? OptionReader.Text(value) },
                (BlockOption.PacketFlags, 4) => packet with { Direction = OptionReader.Direction(Number(value)) },
                (BlockOption.PacketDrops, 8) => packet with { DropCount = options.Number64(value) },
                (BlockOption.PacketIdentifier, 8) => packet with { PacketId = options.Number64(value) },
                _ => packet,
            };
        }

        return packet;
    }

    // Blocks are multiples of four, so what is padded still lies within.
    private static int Padded(int count) => (count + 3) & ~3;

    private void Demand(ReadOnlySpan<byte> body, int count)
    {
        if (body.Length < count)
        {
            throw Damaged($"a block has {body.Length} bytes where {count} are needed");
        }
    }

    private CaptureFormatException Damaged(string what) =>
        new($"{what}, before byte {Input.Position}: the file is damaged");

    private ulong High(ReadOnlySpan<byte> time) => ((ulong)Number(time) << 32) | Number(time[4..]);

    private uint Number(ReadOnlySpan<byte> bytes) => _isBigEndian
        ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private ushort Short(ReadOnlySpan<byte> bytes) => _isBigEndian
        ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
}
