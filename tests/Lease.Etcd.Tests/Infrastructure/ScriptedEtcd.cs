using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace Overlay.Lease.Etcd.Tests;

/// <summary>What <see cref="ScriptedEtcd"/> answers in place of doing a call.</summary>
/// <param name="Code">gRPC's status.</param>
/// <param name="Words">Less than 127 characters of plain text.</param>
internal sealed record Refused(StatusCode Code, string Words);

/// <summary>
/// An etcd with users, as far as tokens go: it gives out <c>token-1</c>, <c>token-2</c> and so on, and a test says
/// which of them it refuses, how. What is read is empty, what is written is forgotten.
/// </summary>
internal sealed partial class ScriptedEtcd : IDisposable
{
    private readonly LoopbackServer _server;
    private readonly Func<int, Refused?> _judge;
    private readonly Lock _gate = new();
    private readonly List<string> _calls = [];

    private int _given;

    /// <param name="judge">How a call with a token is refused, by its number, 0 for none. Null to do it.</param>
    internal ScriptedEtcd(Func<int, Refused?> judge)
    {
        _judge = judge;
        _server = CannedHttp2.Start(Answer);
    }

    internal Uri Endpoint => _server.Endpoint;

    /// <summary>How many times somebody has logged in.</summary>
    internal int LogIns => Volatile.Read(ref _given);

    /// <summary>What was asked, with the number of the token: <c>Range 1</c>.</summary>
    internal IReadOnlyList<string> Calls
    {
        get
        {
            lock (_gate)
            {
                return [.. _calls];
            }
        }
    }

    public void Dispose() => _server.Dispose();

    [GeneratedRegex(@"/etcdserverpb\.[A-Za-z]+/([A-Za-z]+)")]
    private static partial Regex Path();

    [GeneratedRegex("token-([0-9]+)")]
    private static partial Regex Token();

    // Header names and values are, as .NET sends them, not compressed.
    private byte[] Answer(uint stream, byte[] headers)
    {
        string text = Encoding.Latin1.GetString(headers);
        string call = Path().Match(text).Groups[1].Value;
        if (call == "Authenticate")
        {
            return Message(stream, new AuthenticateResponse { Token = $"token-{Interlocked.Increment(ref _given)}" });
        }

        Match token = Token().Match(text);
        int number = token.Success ? int.Parse(token.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
        lock (_gate)
        {
            _calls.Add($"{call} {number}");
        }

        Refused? refused = _judge(number);
        return call == "Watch"
            ? Message(stream, Watch(refused), ends: false)
            : refused is not null ? Trailers(stream, refused, isAlone: true)
            : Message(stream, call == "Put" ? new PutResponse() : new RangeResponse());
    }

    // As etcd does it: a watch is refused by a message, whose text is that of a gRPC error.
    private static WatchResponse Watch(Refused? refused) => refused is null
        ? new WatchResponse { Created = true }
        : new WatchResponse
        {
            Created = true,
            Canceled = true,
            CancelReason = refused.Code == StatusCode.Unknown
                ? refused.Words
                : $"rpc error: code = {refused.Code} desc = {refused.Words}",
        };

    private static byte[] Message(uint stream, IMessage message, bool ends = true)
    {
        byte[] content = message.ToByteArray();
        byte[] prefix = new byte[5]; // not compressed, and the length
        BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(1), content.Length);
        return
        [
            .. CannedHttp2.Frame(
                CannedHttp2.Headers, CannedHttp2.EndHeaders, stream, CannedHttp2.Head(200, "application/grpc")),
            .. CannedHttp2.Frame(CannedHttp2.Data, 0, stream, [.. prefix, .. content]),
            .. ends ? Trailers(stream, new Refused(StatusCode.OK, string.Empty), isAlone: false) : [],
        ];
    }

    private static byte[] Trailers(uint stream, Refused status, bool isAlone) => CannedHttp2.Frame(
        CannedHttp2.Headers,
        CannedHttp2.EndStream | CannedHttp2.EndHeaders,
        stream,
        [
            .. isAlone ? CannedHttp2.Head(200, "application/grpc") : [],
            .. Literal("grpc-status", $"{(int)status.Code}"),
            .. Literal("grpc-message", status.Words),
        ]);

    // RFC 7541, section 6.2.2: not indexed, nothing compressed.
    private static byte[] Literal(string name, string value) =>
        [0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];
}
