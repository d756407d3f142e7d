using System;
using System.Buffers.Binary;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Testing;

/// <summary>Room for one HTTP/2 frame, read again and again: RFC 9113, section 4.1.</summary>
internal sealed class Http2Frame
{
    private const int HeaderBytes = 9;
    private const byte Data = 0, Headers = 1, ResetStream = 3;
    private const byte EndStream = 1, EndHeaders = 4;

    private readonly byte[] _bytes = new byte[HeaderBytes + (1 << 24)];

    private int _count;

    /// <summary>All of it, until the next is read.</summary>
    internal ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _count);

    internal uint Stream => BinaryPrimitives.ReadUInt32BigEndian(_bytes.AsSpan(5)) & 0x7FFF_FFFF;

    internal bool IsData => _bytes[3] == Data;

    internal bool IsHeaders => _bytes[3] == Headers;

    /// <summary>Whether its sender says nothing more on the stream.</summary>
    internal bool EndsStream => _bytes[3] is Data or Headers && (_bytes[4] & EndStream) != 0;

    /// <summary>Whether it holds this; names and paths are, as .NET sends them, not compressed.</summary>
    internal bool Says(ReadOnlySpan<byte> text) => Bytes.Span.IndexOf(text) >= 0;

    /// <returns>False when the stream has ended.</returns>
    internal async Task<bool> ReadAsync(Stream from, CancellationToken cancellation)
    {
        if (await from.ReadAtLeastAsync(
            _bytes.AsMemory(0, HeaderBytes), HeaderBytes, throwOnEndOfStream: false, cancellation) < HeaderBytes)
        {
            return false;
        }

        int length = (_bytes[0] << 16) | (_bytes[1] << 8) | _bytes[2];
        await from.ReadExactlyAsync(_bytes.AsMemory(HeaderBytes, length), cancellation);
        _count = HeaderBytes + length;
        return true;
    }

    /// <summary>A gRPC answer that is a status alone.</summary>
    internal static byte[] Refusal(uint stream, int status, string message)
    {
        const byte Status200 = 0x88; // RFC 7541, appendix A
        byte[] block =
        [
            Status200,
            .. Literal("content-type", "application/grpc"),
            .. Literal("grpc-status", $"{status}"),
            .. Literal("grpc-message", message),
        ];
        byte[] frame = [
            0, (byte)(block.Length >> 8), (byte)block.Length, Headers, EndStream | EndHeaders, 0, 0, 0, 0, .. block];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(5), stream);
        return frame;
    }

    /// <summary>The end of a stream, with the error nginx gives when one was idle for too long.</summary>
    internal static byte[] Reset(uint stream)
    {
        const byte InternalError = 2; // RFC 9113, section 7
        byte[] frame = [0, 0, 4, ResetStream, 0, 0, 0, 0, 0, 0, 0, 0, InternalError];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(5), stream);
        return frame;
    }

    // RFC 7541, section 6.2.2: not indexed, nothing compressed.
    private static byte[] Literal(string name, string value) =>
        [0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];
}
