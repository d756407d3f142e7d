using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Overlay.Bench.Results;
using Overlay.Lab;

namespace Overlay.Bench.Workloads;

/// <summary>
/// UDP_RR: one request at a time, answered by the other end; every round trip is kept, one that was lost as the time it
/// was waited for.
/// </summary>
/// <param name="mostPerSecond">Requests; 0 for one as soon as the one before is answered.</param>
/// <param name="from">Who asks.</param>
/// <param name="to">Who answers.</param>
/// <param name="destination">The answering end's address.</param>
internal sealed class RequestResponse(int mostPerSecond, string from, string to, IPAddress destination)
    : Workload($"request and response with {destination}")
{
    /// <summary>Payload of request and of response.</summary>
    internal const int PayloadBytes = 64;

    // A request or its response that takes longer was lost.
    private const int LostAfterMilliseconds = 200;

    // Twenty seconds of round trips of 5 us: less than the wire itself takes.
    private const int MostSamples = 1 << 22;

    private readonly long[] _ticks = new long[MostSamples];
    private int _count;
    private long _answered;
    private Socket? _client;
    private Socket? _server;

    /// <inheritdoc/>
    internal override WorkloadCounts Counts
    {
        get
        {
            long answered = Volatile.Read(ref _answered);
            return new WorkloadCounts(2L * PayloadBytes * answered, Volatile.Read(ref _count), answered);
        }
    }

    /// <summary>The round trips from one count of sent requests to another, in microseconds, sorted.</summary>
    internal double[] Microseconds(long first, long end)
    {
        double[] all = Array.ConvertAll(_ticks[(int)first..(int)end], ticks => ticks * 1e6 / Stopwatch.Frequency);
        Array.Sort(all);
        return all;
    }

    /// <inheritdoc/>
    protected override void Open()
    {
        _server = LabNamespace.Run(to, () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveTimeout = LostAfterMilliseconds,
        });
        _server.Bind(new IPEndPoint(destination, 0));
        _client = LabNamespace.Run(from, () => new Socket(
            AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveTimeout = LostAfterMilliseconds,
        });
        _client.Connect(_server.LocalEndPoint!); // a bound socket has one
        Run("bench-rr-server", Answer);
        Run("bench-rr-client", Ask);
    }

    public override void Dispose()
    {
        base.Dispose();
        _client?.Dispose();
        _server?.Dispose();
    }

    // Both threads look at the end of their receive timeouts.
    protected override void WakeAll()
    {
    }

    private static bool IsSilence(SocketException failure) =>
        failure.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock;

    private void Answer()
    {
        byte[] buffer = new byte[2 * PayloadBytes];
        var sender = new SocketAddress(AddressFamily.InterNetwork);
        while (!IsStopping)
        {
            try
            {
                int count = _server!.ReceiveFrom(buffer, SocketFlags.None, sender);
                _ = _server.SendTo(buffer.AsSpan(0, count), SocketFlags.None, sender);
            }
            catch (SocketException problem) when (IsSilence(problem))
            {
            }
        }
    }

    private void Ask()
    {
        Span<byte> request = stackalloc byte[PayloadBytes];
        Span<byte> response = stackalloc byte[2 * PayloadBytes];
        long interval = mostPerSecond > 0 ? Stopwatch.Frequency / mostPerSecond : 0;
        long due = 0;
        for (long number = 1; !IsStopping; number++)
        {
            if (_count == MostSamples)
            {
                throw new BenchException(
                    $"more than {MostSamples} round trips; measure for a shorter time (--seconds)");
            }

            BitConverter.TryWriteBytes(request, number);
            long began = WaitUntil(due);
            due = began + interval;
            _ = _client!.Send(request);
            bool isAnswered = TryReceive(response, number);
            _ticks[_count] = Stopwatch.GetTimestamp() - began;
            Volatile.Write(ref _count, _count + 1);
            if (isAnswered)
            {
                Volatile.Write(ref _answered, _answered + 1);
            }
        }
    }

    // Awake, because a sleep is longer than the whole round trip, and so is what a processor takes to get up from it.
    private static long WaitUntil(long due)
    {
        long now;
        while ((now = Stopwatch.GetTimestamp()) < due)
        {
            Thread.SpinWait(1);
        }

        return now;
    }

    private bool TryReceive(Span<byte> response, long number)
    {
        try
        {
            // A response to an earlier request, which was given up, is passed over.
            while (_client!.Receive(response) != PayloadBytes || BitConverter.ToInt64(response) != number)
            {
            }

            return true;
        }
        catch (SocketException problem) when (IsSilence(problem))
        {
            return false;
        }
    }
}
