using System;
using System.Buffers.Binary;
using System.IO;
using System.Text;
using System.Text.Json.Serialization;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Control;

/// <summary>What a client asks.</summary>
/// <param name="Version">Of the protocol; <see cref="ControlProtocol.Version"/>.</param>
/// <param name="Command">What is wanted, for example <c>counters</c>.</param>
/// <param name="Argument">About what, for those commands that ask; null for none.</param>
public sealed record ControlRequest(int Version, string Command = "", string? Argument = null);

/// <summary>What a part of a conversation is.</summary>
public enum ControlPartKind : byte
{
    /// <summary>The client's one request: JSON, a <see cref="ControlRequest"/>.</summary>
    Request = 1,

    /// <summary>A piece of the answer, whose form depends on the command.</summary>
    Answer = 2,

    /// <summary>The end of the answer; empty. Without it the answer is not whole.</summary>
    End = 3,

    /// <summary>Why there is no answer, or no more of it: one line of text.</summary>
    Refusal = 4,
}

/// <summary>What was asked cannot be answered now; the message is for who asks, one line.</summary>
public sealed class ControlRefusalException(string message) : Exception(message);

/// <summary>The other side sends something that is not of this protocol.</summary>
public sealed class ControlProtocolException(string message) : Exception(message);

/// <summary>
/// The form of what goes over the control socket: parts, each a length, a kind and that many bytes.
/// </summary>
/// <remarks>
/// <code>
///   4 bytes   length of the content, big-endian, at most 1 MiB
///   1 byte    kind
///   length    content
/// </code>
/// The client sends one request. The daemon sends answer parts, as many as it takes or for as long as there is
/// something to tell, and then an end; or a refusal. Either side ends a conversation by closing it.
/// </remarks>
public static class ControlProtocol
{
    /// <summary>Of this page. A daemon refuses requests of another.</summary>
    public const int Version = 1;

    /// <summary>The longest content of a part, in bytes. A longer answer has more parts.</summary>
    public const int MostPartBytes = 1 << 20;

    /// <summary>The longest request, in bytes.</summary>
    internal const int MostRequestBytes = 64 << 10;

    /// <summary>Where a daemon keeps its socket unless told otherwise.</summary>
    public const string DefaultRunDirectory = "/run/overlay";

    internal const int HeadBytes = 5;

    private const string Name = "overlay.sock";
    private const int LongestPathBytes = 107; // sun_path of unix(7), less the terminating NUL

    /// <summary>The socket's path in a run directory.</summary>
    public static string PathIn(string runDirectory) => Path.Combine(runDirectory, Name);

    /// <summary>By how many bytes the socket's path is too long; zero or less when it fits.</summary>
    internal static int ExcessBytes(string runDirectory) =>
        Encoding.UTF8.GetByteCount(PathIn(runDirectory)) - LongestPathBytes;

    /// <summary>Reads one part.</summary>
    /// <param name="stream">Where from.</param>
    /// <param name="most">The longest content that is taken, in bytes.</param>
    /// <param name="cancellation">Ends the wait for it.</param>
    /// <exception cref="EndOfStreamException">The other side is gone.</exception>
    /// <exception cref="ControlProtocolException">It is longer than <paramref name="most"/>.</exception>
    internal static async ValueTask<(ControlPartKind Kind, byte[] Content)> ReadPartAsync(
        Stream stream, int most, CancellationToken cancellation)
    {
        byte[] head = new byte[HeadBytes];
        await stream.ReadExactlyAsync(head, cancellation);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(head);
        if (length > most)
        {
            throw new ControlProtocolException($"a part of {length} bytes, and at most {most} are taken");
        }

        byte[] content = new byte[length];
        await stream.ReadExactlyAsync(content, cancellation);
        return ((ControlPartKind)head[^1], content);
    }

    /// <summary>Writes one part.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="content">At most <see cref="MostPartBytes"/> bytes.</param>
    /// <param name="cancellation">Ends the wait for a reader.</param>
    internal static async ValueTask WritePartAsync(
        Stream stream, ControlPartKind kind, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(content.Length, MostPartBytes);
        byte[] part = new byte[HeadBytes + content.Length];
        BinaryPrimitives.WriteInt32BigEndian(part, content.Length);
        part[HeadBytes - 1] = (byte)kind;
        content.CopyTo(part.AsMemory(HeadBytes));
        await stream.WriteAsync(part, cancellation);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ControlRequest))]
internal sealed partial class ControlJson : JsonSerializerContext;
