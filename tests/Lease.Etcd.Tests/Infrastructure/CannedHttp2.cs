using System;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease.Etcd.Tests;

/// <summary>
/// Speaks HTTP/2 in plain text and answers every request alike, with no word of gRPC's status: as a proxy does, or a
/// server of something else.
/// </summary>
internal static class CannedHttp2
{
    // RFC 9113, sections 3.4, 4.1 and 6.
    private const int PrefaceBytes = 24, HeaderBytes = 9, PingBytes = 8;
    private const byte Settings = 4, Ping = 6;
    private const byte Ack = 1;

    internal const byte Data = 0, Headers = 1;
    internal const byte EndStream = 1, EndHeaders = 4;

    /// <param name="status">Of HTTP.</param>
    /// <param name="type">Of the body.</param>
    /// <param name="body">Sent whole, in one frame.</param>
    internal static LoopbackServer Start(int status, string type, byte[] body)
    {
        byte[] head = Head(status, type);
        return Start((id, _) =>
            [.. Frame(Headers, EndHeaders, id, head), .. Frame(Data, EndStream, id, body)]);
    }

    /// <param name="answer">The frames that answer the headers of a request on a stream.</param>
    internal static LoopbackServer Start(Func<uint, byte[], byte[]> answer) =>
        new((client, cancellation) => ServeAsync(client, answer, cancellation));

    private static async Task ServeAsync(
        TcpClient client, Func<uint, byte[], byte[]> answerTo, CancellationToken cancellation)
    {
        NetworkStream stream = client.GetStream();
        await stream.ReadExactlyAsync(new byte[PrefaceBytes], cancellation);
        await stream.WriteAsync(Frame(Settings, 0, stream: 0, []), cancellation);
        byte[] header = new byte[HeaderBytes];
        while (await stream.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, cancellation)
            == HeaderBytes)
        {
            byte[] payload = new byte[(header[0] << 16) | (header[1] << 8) | header[2]];
            await stream.ReadExactlyAsync(payload, cancellation);
            uint id = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(5));
            byte[] answer = (header[3], header[4]) switch
            {
                (Settings, 0) => Frame(Settings, Ack, stream: 0, []),
                (Ping, 0) => Frame(Ping, Ack, stream: 0, payload.AsSpan(0, PingBytes)),
                (Headers, _) => answerTo(id, payload),
                _ => [],
            };
            await stream.WriteAsync(answer, cancellation);
        }
    }

    // RFC 7541, section 6.2.2: names from the static table, nothing indexed, nothing compressed.
    internal static byte[] Head(int status, string type)
    {
        const byte StatusName = 8, ContentTypeName = 31, FourBits = 15;
        return
        [
            StatusName, 3, .. Encoding.ASCII.GetBytes($"{status}"),
            FourBits, ContentTypeName - FourBits, (byte)type.Length, .. Encoding.ASCII.GetBytes(type),
        ];
    }

    internal static byte[] Frame(byte type, byte flags, uint stream, ReadOnlySpan<byte> payload)
    {
        byte[] frame =
        [
            0, (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, 0, .. payload,
        ];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(5), stream);
        return frame;
    }
}
