using System;
using System.Buffers.Binary;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Capture.Files;

/// <summary>Reads libpcap's format (IETF draft-ietf-opsawg-pcap) of either byte order and either resolution.</summary>
internal sealed class PcapReader : CaptureReader
{
    private const int HeaderBytes = 24, RecordBytes = 16, MajorVersion = 2;
    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly bool _isBigEndian;
    private readonly int _nanosecondsPerUnit;

    private PcapReader(ChunkedInput input, bool isBigEndian, int nanosecondsPerUnit)
        : base(input)
    {
        _isBigEndian = isBigEndian;
        _nanosecondsPerUnit = nanosecondsPerUnit;
    }

    /// <summary>Reads the rest of the file header.</summary>
    /// <param name="input">With the magic number in hand.</param>
    /// <param name="isBigEndian">The byte order of all numbers.</param>
    /// <param name="nanosecondsPerUnit">Of the smaller part of a time: 1000 or 1.</param>
    /// <param name="cancellation">Ends the wait for bytes.</param>
    internal static async Task<PcapReader> OpenAsync(
        ChunkedInput input, bool isBigEndian, int nanosecondsPerUnit, CancellationToken cancellation)
    {
        var reader = new PcapReader(input, isBigEndian, nanosecondsPerUnit);
        await reader.RequireAsync(HeaderBytes - input.Bytes.Length, "its header", cancellation);
        reader.ReadHeader();
        return reader;
    }

    /// <inheritdoc/>
    public override async ValueTask<CapturedPacket?> ReadAsync(CancellationToken cancellation = default)
    {
        Input.Pass();
        if (!await Input.TryReadAsync(1, cancellation))
        {
            return null;
        }

        await RequireAsync(RecordBytes - 1, "the header of a packet", cancellation);
        uint kept = Number(8);
        if (kept > LongestBlock)
        {
            throw new CaptureFormatException(
                $"the packet before byte {Input.Position} says that it has {kept} bytes, more than the "
                    + $"{LongestBlock} that are read: the file is damaged; cut it before there with editcap -r");
        }

        await RequireAsync((int)kept, "a packet", cancellation);
        return Record((int)kept);
    }

    private void ReadHeader()
    {
        ushort major = Order(BinaryPrimitives.ReadUInt16LittleEndian(Input.Bytes.Span[4..]));
        if (major != MajorVersion)
        {
            throw new CaptureFormatException(
                $"it is pcap of version {major}, and only {MajorVersion} is read; rewrite it: editcap -F pcapng FILE "
                    + "NEW");
        }

        // The upper bits say how long a frame check sequence is, which is behind the packet and decoded as padding.
        Add(new CaptureInterface(LinkTypes.OfNumber(Number(20) & 0xffff), (int)Math.Min(Number(16), int.MaxValue)));
    }

    private CapturedPacket Record(int kept) => new(
        Input.Bytes[RecordBytes..],
        (int)Math.Clamp(Number(12), kept, int.MaxValue),
        Interface: 0,
        Number(0) * NanosecondsPerSecond + (long)Number(4) * _nanosecondsPerUnit);

    private uint Number(int offset)
    {
        ReadOnlySpan<byte> bytes = Input.Bytes.Span[offset..];
        return _isBigEndian
            ? BinaryPrimitives.ReadUInt32BigEndian(bytes)
            : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    private ushort Order(ushort littleEndian) =>
        _isBigEndian ? BinaryPrimitives.ReverseEndianness(littleEndian) : littleEndian;
}
