using System;
using System.Buffers.Binary;
using System.Text;

namespace Overlay.Capture.Files;

/// <summary>Puts pcapng blocks together, little-endian.</summary>
internal sealed class BlockBuilder
{
    private const int LongestOption = ushort.MaxValue, TrailerBytes = 4;

    private byte[] _bytes = new byte[1024];
    private int _begin, _count;

    /// <summary>The blocks so far.</summary>
    internal ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _count);

    /// <summary>Forgets them.</summary>
    internal void Clear() => _count = 0;

    /// <summary>Begins a block.</summary>
    internal BlockBuilder Begin(uint type)
    {
        _begin = _count;
        return Number(type).Number(0);
    }

    /// <summary>Ends it, and says at both ends how long it is.</summary>
    internal void End()
    {
        uint length = (uint)(_count - _begin + TrailerBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(_begin + 4), length);
        Number(length);
    }

    /// <summary>Four bytes.</summary>
    internal BlockBuilder Number(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Next(4), value);
        return this;
    }

    /// <summary>Two bytes.</summary>
    internal BlockBuilder Short(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(Next(2), value);
        return this;
    }

    /// <summary>A time or another number of eight bytes, the higher four first.</summary>
    internal BlockBuilder HighLow(ulong value) => Number((uint)(value >> 32)).Number((uint)value);

    /// <summary>Bytes, filled up to a multiple of four.</summary>
    internal BlockBuilder Padded(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Next(value.Length));
        Next(-value.Length & 3).Clear();
        return this;
    }

    /// <summary>An option of any bytes; more than 65535 are left out.</summary>
    internal BlockBuilder Option(ushort code, ReadOnlySpan<byte> value)
    {
        value = value[..Math.Min(value.Length, LongestOption)];
        return Short(code).Short((ushort)value.Length).Padded(value);
    }

    /// <summary>An option of text; null is none.</summary>
    internal BlockBuilder Option(ushort code, string? text) =>
        text is null ? this : Option(code, Encoding.UTF8.GetBytes(text));

    /// <summary>An option of eight bytes; null is none.</summary>
    internal BlockBuilder Option(ushort code, ulong? number)
    {
        if (number is not { } value)
        {
            return this;
        }

        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return Option(code, bytes);
    }

    /// <summary>An option that is a time; null is none.</summary>
    internal BlockBuilder Time(ushort code, ulong? time) =>
        time is { } value ? Short(code).Short(8).HighLow(value) : this;

    /// <summary>Ends a list of options.</summary>
    internal BlockBuilder EndOptions() => Short(BlockOption.End).Short(0);

    private Span<byte> Next(int count)
    {
        if (_bytes.Length - _count < count)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _count + count));
        }

        _count += count;
        return _bytes.AsSpan(_count - count, count);
    }
}
