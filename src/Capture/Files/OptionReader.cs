using System;
using System.Buffers.Binary;
using System.Text;
using Overlay.Capture.Packets;

namespace Overlay.Capture.Files;

/// <summary>Goes through the options at the end of a pcapng block.</summary>
/// <param name="bytes">From the first option to the end of the block's body.</param>
/// <param name="isBigEndian">The section's byte order.</param>
internal ref struct OptionReader(ReadOnlySpan<byte> bytes, bool isBigEndian)
{
    private const int HeaderBytes = 4, ShortBytes = 256;

    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>The next option.</summary>
    /// <param name="code">Which; see <see cref="BlockOption"/>.</param>
    /// <param name="value">Its bytes, without padding.</param>
    /// <returns>False at the end of the list, or where the rest is no option.</returns>
    internal bool TryNext(out ushort code, out ReadOnlySpan<byte> value)
    {
        code = 0;
        value = default;
        if (_rest.Length < HeaderBytes)
        {
            return false;
        }

        code = Short(_rest);
        int length = Short(_rest[2..]);
        _rest = _rest[HeaderBytes..];
        if (code == BlockOption.End || length > _rest.Length)
        {
            return false;
        }

        value = _rest[..length];
        _rest = _rest[Math.Min((length + 3) & ~3, _rest.Length)..];
        return true;
    }

    /// <summary>A value of eight bytes.</summary>
    internal readonly ulong Number64(ReadOnlySpan<byte> value) => isBigEndian
        ? BinaryPrimitives.ReadUInt64BigEndian(value) : BinaryPrimitives.ReadUInt64LittleEndian(value);

    /// <summary>A value of eight bytes that is a time: its higher four bytes come first in either byte order.</summary>
    internal readonly ulong HighLow(ReadOnlySpan<byte> value) => ((ulong)Number(value) << 32) | Number(value[4..]);

    /// <summary>A value that is text; what is no UTF-8 becomes U+FFFD.</summary>
    internal static string Text(ReadOnlySpan<byte> value) => Encoding.UTF8.GetString(value.TrimEnd((byte)0));

    /// <summary>
    /// The first 256 bytes of a value that is text: an interface has it once, and every packet of it may show it.
    /// </summary>
    internal static string ShortText(ReadOnlySpan<byte> value) => Text(value[..Math.Min(value.Length, ShortBytes)]);

    /// <summary>What epb_flags says of the direction.</summary>
    internal static CaptureDirection Direction(uint flags) => (flags & 3) switch
    {
        1 => CaptureDirection.Inbound,
        2 => CaptureDirection.Outbound,
        _ => CaptureDirection.Unknown,
    };

    private readonly uint Number(ReadOnlySpan<byte> at) => isBigEndian
        ? BinaryPrimitives.ReadUInt32BigEndian(at) : BinaryPrimitives.ReadUInt32LittleEndian(at);

    private readonly ushort Short(ReadOnlySpan<byte> at) => isBigEndian
        ? BinaryPrimitives.ReadUInt16BigEndian(at) : BinaryPrimitives.ReadUInt16LittleEndian(at);
}
