using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Overlay.Lab;
using Overlay.Linux;
using Xunit;

namespace Overlay.Netns.Tests.Soak;

/// <summary>When in a <see cref="NumberedFlow"/> a datagram was sent.</summary>
internal enum FlowPhase
{
    /// <summary>At a steady pace that a kernel path takes.</summary>
    Steady,

    /// <summary>The first of the flood, until a kernel path leaves it to user space.</summary>
    Surge,

    /// <summary>Flat out.</summary>
    Flood,

    /// <summary>At the steady pace again, through user space still.</summary>
    Settling,

    /// <summary>After a pause, in which a kernel path has taken it back.</summary>
    Back,
}

/// <summary>Datagrams of one phase that came behind a later one.</summary>
/// <param name="Count">How many.</param>
/// <param name="Deepest">The most that one was behind, in datagrams.</param>
/// <param name="First">The first of them, counted from the phase's beginning.</param>
/// <param name="Last">The last of them, counted so.</param>
internal sealed record LateDatagrams(long Count, long Deepest, long First, long Last)
{
    internal static LateDatagrams None { get; } = new(0, 0, long.MaxValue, 0);

    internal LateDatagrams With(long position, long depth) => new(
        Count + 1, Math.Max(Deepest, depth), Math.Min(First, position), Math.Max(Last, position));

    internal LateDatagrams With(LateDatagrams other) => new(
        Count + other.Count, Math.Max(Deepest, other.Deepest), Math.Min(First, other.First),
        Math.Max(Last, other.Last));

    public override string ToString() =>
        Count == 0 ? "none" : $"{Count}, up to {Deepest} behind, number {First} to {Last}";
}

/// <summary>What became of one flow, or of several.</summary>
/// <param name="Sent">Taken by the sender's kernel.</param>
/// <param name="Received">By the receiver, each once.</param>
/// <param name="Duplicates">Received once more.</param>
/// <param name="Late">By phase.</param>
internal sealed record FlowResult(
    long Sent, long Received, long Duplicates, IReadOnlyDictionary<FlowPhase, LateDatagrams> Late)
{
    internal static FlowResult None { get; } = new(
        0, 0, 0, Enum.GetValues<FlowPhase>().ToDictionary(phase => phase, _ => LateDatagrams.None));

    internal FlowResult With(FlowResult other) => new(
        Sent + other.Sent, Received + other.Received, Duplicates + other.Duplicates,
        Late.ToDictionary(each => each.Key, each => each.Value.With(other.Late[each.Key])));
}

/// <summary>
/// One UDP flow of numbered datagrams that goes steadily, then flat out, then steadily again, pauses, and goes on: a
/// kernel path has it, leaves it to user space and takes it back.
/// </summary>
internal sealed class NumberedFlow
{
    private const int NumberBytes = sizeof(long);
    private const int ReceiveBufferBytes = 8 << 20;
    private const int MostDatagrams = 1 << 22;

    // Half of what a kernel path takes in 100 ms, in steps so small that no window has twice as much.
    private const int SteadyPerSecond = 10_000;
    private const int MostPerStep = 50;

    // The kernel path's limit for 100 ms, and what may have been in that window before.
    private const int SurgeDatagrams = 2 * 2000;

    private const int DatagramsPerSegmentedSend = 40;

    private static readonly TimeSpan s_steadyFor = TimeSpan.FromSeconds(0.4);
    private static readonly TimeSpan s_floodFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_settlesFor = TimeSpan.FromSeconds(1.2); // user space keeps it for one second
    private static readonly TimeSpan s_pauseFor = TimeSpan.FromSeconds(0.2);   // and until a tenth has been quiet
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(1);

    private readonly Socket _sink;
    private readonly Socket _sender;
    private readonly byte[] _data;
    private readonly int _payloadBytes;
    private readonly bool _isSegmented;
    private readonly ulong[] _seen = new ulong[MostDatagrams / 64];
    private readonly List<(long Number, long Newest)> _late = [];
    private long _sent;
    private long _received;
    private long _duplicates;

    private NumberedFlow(Socket sink, Socket sender, int payloadBytes, bool isSegmented)
    {
        (_sink, _sender, _payloadBytes, _isSegmented) = (sink, sender, payloadBytes, isSegmented);
        _data = new byte[payloadBytes * DatagramsPerSegmentedSend];
    }

    /// <summary>Sends one such flow and tells what arrived of it.</summary>
    /// <param name="fromNamespace">Where the sender is.</param>
    /// <param name="toNamespace">Where the receiver is.</param>
    /// <param name="destination">The receiver's address.</param>
    /// <param name="payloadBytes">Of each datagram.</param>
    /// <param name="isSegmented">Whether the flood is handed to the kernel in superpackets (UDP_SEGMENT).</param>
    /// <param name="cancellation">Shortens what is left of it.</param>
    internal static FlowResult Send(
        string fromNamespace, string toNamespace, IPAddress destination, int payloadBytes, bool isSegmented,
        CancellationToken cancellation)
    {
        using Socket sink = LabNamespace.Run(toNamespace, NewSocket);
        sink.ForceReceiveBuffer(ReceiveBufferBytes);
        sink.ReceiveTimeout = (int)s_silence.TotalMilliseconds;
        sink.Bind(new IPEndPoint(destination, 0));
        using Socket sender = LabNamespace.Run(fromNamespace, NewSocket);
        sender.Connect((IPEndPoint)sink.LocalEndPoint!); // a bound socket has one
        return new NumberedFlow(sink, sender, payloadBytes, isSegmented).Run(cancellation);
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    private FlowResult Run(CancellationToken cancellation)
    {
        using var allSent = new CancellationTokenSource();
        Exception? failure = null;
        var receiving = new Thread(() =>
        {
            try
            {
                Receive(allSent.Token);
            }
            catch (Exception problem)
            {
                failure = problem;
            }
        })
        { IsBackground = true, Name = "soak-udp-in" };
        receiving.Start();
        long floodBegan, floodEnded, paused;
        try
        {
            Pace(s_steadyFor, cancellation);
            floodBegan = _sent;
            Flood(cancellation);
            floodEnded = _sent;
            Pace(s_settlesFor, cancellation);
            paused = _sent;
            _ = cancellation.WaitHandle.WaitOne(s_pauseFor);
            Pace(s_steadyFor, cancellation);
        }
        finally
        {
            allSent.Cancel();
            receiving.Join();
        }

        Assert.True(failure is null, $"udp broke after {_received} datagrams: {failure?.Message}");
        Dictionary<FlowPhase, LateDatagrams> late = new(FlowResult.None.Late);
        foreach ((long number, long newest) in _late)
        {
            (FlowPhase phase, long since) = number < floodBegan ? (FlowPhase.Steady, 0)
                : number < Math.Min(floodBegan + SurgeDatagrams, floodEnded) ? (FlowPhase.Surge, floodBegan)
                : number < floodEnded ? (FlowPhase.Flood, floodBegan)
                : number < paused ? (FlowPhase.Settling, floodEnded)
                : (FlowPhase.Back, paused);
            late[phase] = late[phase].With(number - since, newest - number);
        }

        return new FlowResult(_sent, _received, _duplicates, late);
    }

    // After a stop of the whole process nothing is made up for.
    private void Pace(TimeSpan duration, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        double due = 0;
        TimeSpan last = default;
        for (TimeSpan now = default; now < duration && !cancellation.IsCancellationRequested;)
        {
            due = Math.Min(due + ((now - last).TotalSeconds * SteadyPerSecond), MostPerStep);
            for (; due >= 1; due--)
            {
                Number(0);
                _ = _sender.Send(_data.AsSpan(0, _payloadBytes));
                _sent++;
            }

            Thread.Sleep(s_step);
            (last, now) = (now, Stopwatch.GetElapsedTime(began));
        }
    }

    private void Flood(CancellationToken cancellation)
    {
        int each = _isSegmented ? Math.Min(DatagramsPerSegmentedSend, (60 << 10) / _payloadBytes) : 1;
        _sender.SetSegmentBytes(_isSegmented ? _payloadBytes : 0);
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < s_floodFor && !cancellation.IsCancellationRequested
            && _sent < MostDatagrams / 2)
        {
            for (int i = 0; i < each; i++)
            {
                Number(i);
            }

            _ = _sender.Send(_data.AsSpan(0, each * _payloadBytes));
            _sent += each;
        }

        _sender.SetSegmentBytes(0);
    }

    private void Number(int index) =>
        BinaryPrimitives.WriteInt64BigEndian(_data.AsSpan(index * _payloadBytes), _sent + index);

    private void Receive(CancellationToken allSent)
    {
        byte[] buffer = new byte[2048];
        long newest = -1;
        while (true)
        {
            int length;
            try
            {
                length = _sink.Receive(buffer);
            }
            catch (SocketException problem) when (
                problem.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                if (allSent.IsCancellationRequested)
                {
                    return;
                }

                continue;
            }

            long number = BinaryPrimitives.ReadInt64BigEndian(buffer);
            Assert.Equal(_payloadBytes, length);
            Assert.InRange(number, 0, MostDatagrams - 1);
            ref ulong seen = ref _seen[number / 64];
            ulong bit = 1UL << (int)(number % 64);
            if ((seen & bit) != 0)
            {
                _duplicates++;
                continue;
            }

            seen |= bit;
            _received++;
            if (number < newest)
            {
                _late.Add((number, newest));
            }

            newest = Math.Max(newest, number);
        }
    }
}
