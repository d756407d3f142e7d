using System;
using System.Buffers;
using System.Buffers.Binary;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;

namespace Overlay.Lease.Etcd.Client;

/// <summary>
/// Messages on a stream as gRPC puts them there: a byte for compression, four for the length, the message.
/// </summary>
internal static class GrpcFrames
{
    private const int HeaderBytes = 5;

    /// <summary>
    /// Longest message taken, which must be more than one value may be: etcd takes 1.5 MB unless told otherwise.
    /// </summary>
    internal const int MaximumMessageBytes = 16 * 1024 * 1024;

    /// <summary>A message ready to be written.</summary>
    internal static byte[] Encode(IMessage message)
    {
        int length = message.CalculateSize();
        byte[] frame = new byte[HeaderBytes + length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), length);
        message.WriteTo(frame.AsSpan(HeaderBytes));
        return frame;
    }

    /// <summary>Reads the next message.</summary>
    /// <returns>Null at the end of the stream.</returns>
    /// <exception cref="MessageTooLongException">It has more than <see cref="MaximumMessageBytes"/>, and was not
    /// read.</exception>
    /// <exception cref="InvalidDataException">What came is no frame, is compressed, or ends within.</exception>
    internal static async ValueTask<T?> ReadAsync<T>(
        Stream stream, MessageParser<T> parser, CancellationToken cancellationToken)
        where T : class, IMessage<T>
    {
        byte[] header = ArrayPool<byte>.Shared.Rent(HeaderBytes);
        int length;
        try
        {
            int read = await stream.ReadAtLeastAsync(
                header.AsMemory(0, HeaderBytes), HeaderBytes, throwOnEndOfStream: false, cancellationToken);
            if (read == 0)
            {
                return null;
            }

            length = read < HeaderBytes ? throw new InvalidDataException(
                "the answer ends within a frame") : LengthOf(header);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(header);
        }

        byte[] message = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            await stream.ReadExactlyAsync(message.AsMemory(0, length), cancellationToken);
            return parser.ParseFrom(message.AsSpan(0, length));
        }
        catch (EndOfStreamException end)
        {
            throw new InvalidDataException("the answer ends within a frame", end);
        }
        catch (InvalidProtocolBufferException garbage)
        {
            throw new InvalidDataException("the answer is not what etcd v3 sends", garbage);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(message);
        }
    }

    private static int LengthOf(ReadOnlySpan<byte> header)
    {
        if (header[0] != 0)
        {
            throw new InvalidDataException("the answer is compressed, which was not asked for");
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        return length <= MaximumMessageBytes
            ? (int)length
            : throw new MessageTooLongException(length);
    }
}
