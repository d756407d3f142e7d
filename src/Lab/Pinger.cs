using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Overlay.Capture.Packets;

namespace Overlay.Lab;

/// <summary>One answered ping.</summary>
/// <param name="RoundTrip">From before the send to after the receive.</param>
/// <param name="TimeToLive">Of the reply's IPv4 header, as it arrived.</param>
public readonly record struct PingReply(TimeSpan RoundTrip, byte TimeToLive);

/// <summary>Several pings.</summary>
/// <param name="Sent">Requests sent.</param>
/// <param name="Replies">One for each that was answered in time.</param>
public sealed record PingSeries(int Sent, IReadOnlyList<PingReply> Replies)
{
    /// <summary>Nothing sent, nothing answered.</summary>
    public static PingSeries Empty { get; } = new(0, []);

    /// <summary>Every request was answered, and there was one.</summary>
    public bool AllAnswered => Sent > 0 && Replies.Count == Sent;

    /// <summary>The lowest time to live among the replies; null without one.</summary>
    public int? LowestTimeToLive => Replies.Count == 0 ? null : Replies.Min(reply => reply.TimeToLive);

    /// <summary>The mean round trip in milliseconds; null without a reply.</summary>
    public double? MeanMilliseconds =>
        Replies.Count == 0 ? null : Replies.Average(reply => reply.RoundTrip.TotalMilliseconds);

    /// <summary>Both series as one.</summary>
    public PingSeries With(PingSeries other) => new(Sent + other.Sent, [.. Replies, .. other.Replies]);
}

/// <summary>Sends ICMP echo requests from a namespace and reads the answers (raw(7)).</summary>
/// <remarks>One thread at a time.</remarks>
public sealed class Pinger : IDisposable
{
    /// <summary>Of every request: the one that the captures of the literature show.</summary>
    public const ushort Identifier = 1536;

    /// <summary>ping(8)'s own default: with the ICMP header 64 bytes, with IPv4's 84.</summary>
    public const int DataBytes = 56;

    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    // An answer that comes later than this is lost: a busy machine answers late.
    private static readonly TimeSpan s_lostAfter = TimeSpan.FromSeconds(10);

    private static readonly PacketDecoder s_decoder = new();

    private readonly Socket _socket;
    private readonly byte[] _request = new byte[IcmpMessage.HeaderBytes + DataBytes];
    private readonly byte[] _reply = new byte[2048];

    /// <summary>Opens the socket inside <paramref name="networkNamespace"/>.</summary>
    public Pinger(string networkNamespace) =>
        _socket = LabNamespace.Run(
            networkNamespace, () => new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp));

    /// <summary>Sends one request and waits for its answer.</summary>
    /// <param name="destination">Whom to ask.</param>
    /// <param name="sequence">Tells the answers apart.</param>
    /// <param name="within">How long to wait; 1 ms or more.</param>
    /// <returns>Null when none came in time, or the kernel knows no way.</returns>
    public PingReply? Ping(IPAddress destination, ushort sequence, TimeSpan within)
    {
        EchoRequest.Write(_request, Identifier, sequence);
        long began = Stopwatch.GetTimestamp();
        try
        {
            _ = _socket.SendTo(_request, new IPEndPoint(destination, 0));
            while (true)
            {
                double left = (within - Stopwatch.GetElapsedTime(began)).TotalMilliseconds;
                if (left <= 0)
                {
                    return null;
                }

                _socket.ReceiveTimeout = Math.Max(1, (int)left);
                int length = _socket.Receive(_reply);
                TimeSpan roundTrip = Stopwatch.GetElapsedTime(began);
                if (IsAnswer(_reply.AsMemory(0, length), destination, sequence, out byte timeToLive))
                {
                    return new PingReply(roundTrip, timeToLive);
                }
            }
        }
        catch (SocketException problem) when (problem.SocketErrorCode
            is SocketError.TimedOut or SocketError.WouldBlock or SocketError.NetworkUnreachable
            or SocketError.HostUnreachable or SocketError.NetworkDown)
        {
            return null;
        }
    }

    /// <summary>Asks again and again until one answer comes.</summary>
    /// <returns>False when none came in time.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signalled.</exception>
    public bool WaitForAnswer(IPAddress destination, TimeSpan within, CancellationToken cancellation) =>
        Condition.Holds(
            () => Ping(destination, sequence: 0, TimeSpan.FromMilliseconds(200)) is not null, within, cancellation);

    /// <summary>Sends <paramref name="count"/> requests, 100 ms apart, with sequence numbers from 1.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signalled.</exception>
    public PingSeries Series(IPAddress destination, int count, CancellationToken cancellation)
    {
        List<PingReply> replies = [];
        for (int sequence = 1; sequence <= count; sequence++)
        {
            if (sequence > 1)
            {
                Condition.Pause(s_interval, cancellation);
            }

            if (Ping(destination, (ushort)sequence, s_lostAfter) is { } reply)
            {
                replies.Add(reply);
            }
        }

        return new PingSeries(count, replies);
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    // A raw socket is handed every ICMP message of its namespace, from the IPv4 header on.
    private static bool IsAnswer(ReadOnlyMemory<byte> packet, IPAddress from, ushort sequence, out byte timeToLive)
    {
        PacketHeaders headers = s_decoder.Decode(LinkType.Ipv4, packet, packet.Length).Outer;
        bool isAnswer = headers is { Fault: PacketFault.None, Transport: TransportKind.Icmp, PayloadLength: DataBytes }
            && headers.TransportChecksum == ChecksumState.Good
            && headers.Icmp is { Type: IcmpMessage.EchoReply, Identifier: Identifier }
            && headers.Icmp.Sequence == sequence
            && headers.Ipv4.Source.ToIPAddress().Equals(from);
        timeToLive = isAnswer ? headers.Ipv4.TimeToLive : (byte)0;
        return isAnswer;
    }
}
