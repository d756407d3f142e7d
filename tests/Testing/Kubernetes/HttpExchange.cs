using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Testing.Kubernetes;

/// <summary>One request over HTTP/1.1 (RFC 9112), and what answers it.</summary>
internal sealed class HttpExchange
{
    private readonly NetworkStream _stream;

    private HttpExchange(NetworkStream stream, string method, string target, IReadOnlyDictionary<string, string> heads)
    {
        _stream = stream;
        Method = method;
        string[] parts = target.Split('?', 2);
        Path = parts[0].TrimStart('/');
        Query = (parts.Length > 1 ? parts[1] : "").Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(each => each.Split('=', 2))
            .ToDictionary(each => each[0], each => Uri.UnescapeDataString(each[1]));
        Headers = heads;
    }

    internal string Method { get; }

    /// <summary>Without the first slash.</summary>
    internal string Path { get; }

    internal IReadOnlyDictionary<string, string> Query { get; }

    internal IReadOnlyDictionary<string, string> Headers { get; }

    internal string Body { get; private set; } = "";

    /// <returns>Null when the client has closed the connection.</returns>
    internal static async Task<HttpExchange?> ReadAsync(NetworkStream stream, CancellationToken cancellation)
    {
        string? head = await ReadHeadAsync(stream, cancellation);
        if (head is null)
        {
            return null;
        }

        string[] lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        string[] first = lines[0].Split(' ');
        Dictionary<string, string> heads = new(StringComparer.OrdinalIgnoreCase);
        foreach (string line in lines.Skip(1))
        {
            string[] parts = line.Split(':', 2);
            heads[parts[0]] = parts[1].Trim();
        }

        var exchange = new HttpExchange(stream, first[0], first[1], heads);
        if (heads.TryGetValue("Content-Length", out string? length))
        {
            byte[] body = new byte[int.Parse(length, CultureInfo.InvariantCulture)];
            await stream.ReadExactlyAsync(body, cancellation);
            exchange.Body = Encoding.UTF8.GetString(body);
        }

        return exchange;
    }

    internal Task AnswerAsync(int code, string body, string? retryAfter = null) => SendAsync(
        $"HTTP/1.1 {code} x\r\nContent-Type: application/json\r\n"
            + (retryAfter is null ? "" : $"Retry-After: {retryAfter}\r\n")
            + $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    internal Task BeginStreamAsync() =>
        SendAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");

    internal Task SendPieceAsync(string text) => SendAsync(string.Create(
        CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n"));

    internal Task EndStreamAsync() => SendAsync("0\r\n\r\n");

    private async Task SendAsync(string text) => await _stream.WriteAsync(Encoding.UTF8.GetBytes(text));

    private static async Task<string?> ReadHeadAsync(NetworkStream stream, CancellationToken cancellation)
    {
        var head = new MemoryStream();
        byte[] one = new byte[1];
        while (true)
        {
            if (await stream.ReadAsync(one, cancellation) == 0)
            {
                return null;
            }

            head.WriteByte(one[0]);
            if (head.Length >= 4 && head.GetBuffer().AsSpan((int)head.Length - 4, 4).SequenceEqual("\r\n\r\n"u8))
            {
                return Encoding.ASCII.GetString(head.GetBuffer(), 0, (int)head.Length);
            }
        }
    }
}
