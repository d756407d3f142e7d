using System;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Control;

/// <summary>The answer to one request, written part by part.</summary>
public sealed class ControlAnswer
{
    private readonly NetworkStream _stream;
    private readonly TimeSpan _partTakenWithin;

    /// <param name="stream">The client's.</param>
    /// <param name="partTakenWithin">How long the client may take to make room for a part.</param>
    internal ControlAnswer(NetworkStream stream, TimeSpan partTakenWithin)
    {
        _stream = stream;
        _partTakenWithin = partTakenWithin;
    }

    /// <summary>About what the client asks; null for nothing.</summary>
    public string? Argument { get; internal set; }

    /// <summary>Sends text, as many parts as it needs.</summary>
    public Task WriteAsync(string text, CancellationToken cancellation) =>
        WriteAsync(Encoding.UTF8.GetBytes(text), cancellation);

    /// <summary>Sends bytes, as many parts as they need.</summary>
    /// <exception cref="IOException">The client is gone, or has stopped reading.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        while (!content.IsEmpty)
        {
            int length = Math.Min(content.Length, ControlProtocol.MostPartBytes);
            await SendAsync(ControlPartKind.Answer, content[..length], cancellation);
            content = content[length..];
        }
    }

    /// <summary>Says that the answer is whole.</summary>
    internal Task EndAsync(CancellationToken cancellation) =>
        SendAsync(ControlPartKind.End, ReadOnlyMemory<byte>.Empty, cancellation);

    /// <summary>Says in one line why there is no answer.</summary>
    internal Task RefuseAsync(string reason, CancellationToken cancellation) =>
        SendAsync(ControlPartKind.Refusal, Encoding.UTF8.GetBytes(reason), cancellation);

    /// <summary>
    /// Answers a client that asks nothing, as those did that expected one JSON object at once: it can show text.
    /// </summary>
    internal async Task RefuseSilentClientAsync(CancellationToken cancellation)
    {
        string reason =
            $"{{\"error\":\"this daemon answers requests of control protocol {ControlProtocol.Version}, and the client "
            + "sent none; use the overlay that the daemon was started from\"}\n";
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(reason), cancellation);
    }

    private async Task SendAsync(ControlPartKind kind, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(_partTakenWithin);
        await ControlProtocol.WritePartAsync(_stream, kind, content, deadline.Token);
    }
}
