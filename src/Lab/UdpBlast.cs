using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Overlay.Linux;

namespace Overlay.Lab;

/// <summary>What became of a flood of small datagrams.</summary>
/// <param name="PayloadBytes">Of each.</param>
/// <param name="Sent">Accepted by the sender's kernel.</param>
/// <param name="Received">By the far end.</param>
/// <param name="Took">From the first received to the last.</param>
public sealed record UdpResult(int PayloadBytes, long Sent, long Received, TimeSpan Took)
{
    /// <summary>Delivered, in thousands of packets per second.</summary>
    public double DeliveredKpps => Took > TimeSpan.Zero ? Received / Took.TotalSeconds / 1e3 : 0;
}

/// <summary>Sends small datagrams from one namespace to another, flat out: far more than arrive.</summary>
public static class UdpBlast
{
    private const int ReceiveBufferBytes = 8 * 1024 * 1024;

    // Between two looks at the clock.
    private const int Burst = 64;

    // The flood is over when nothing has come for this long: what the path still holds is a few thousand packets.
    private const int SilenceMilliseconds = 250;

    /// <summary>Sends for <paramref name="duration"/> and counts what arrives.</summary>
    /// <param name="fromNamespace">Where the sender is.</param>
    /// <param name="toNamespace">Where the receiver is.</param>
    /// <param name="destination">The receiver's address.</param>
    /// <param name="payloadBytes">Of each datagram.</param>
    /// <param name="duration">How long to send.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="LabException">A socket failed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signalled.</exception>
    public static UdpResult Measure(
        string fromNamespace, string toNamespace, IPAddress destination, int payloadBytes, TimeSpan duration,
        CancellationToken cancellation)
    {
        using Socket sink = LabNamespace.Run(toNamespace, () => Bind(destination));
        using Socket sender = LabNamespace.Run(
            fromNamespace, () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        using var sent = new CancellationTokenSource();

        long received = 0;
        TimeSpan took = TimeSpan.Zero;
        Exception? failure = null;
        var receiving = new Thread(() =>
        {
            try
            {
                (received, took) = Receive(sink, sent.Token);
            }
            catch (SocketException problem)
            {
                failure = problem;
            }
        })
        {
            IsBackground = true,
            Name = "udp-receive",
        };
        receiving.Start();

        long count = 0;
        try
        {
            sender.Connect((IPEndPoint)sink.LocalEndPoint!); // a bound socket has one
            count = Send(sender, payloadBytes, duration, cancellation);
        }
        catch (SocketException problem)
        {
            failure = problem;
        }
        finally
        {
            sent.Cancel();
            receiving.Join();
        }

        cancellation.ThrowIfCancellationRequested();
        return failure is null
            ? new UdpResult(payloadBytes, count, received, took)
            : throw new LabException($"udp to {destination} broke after {count} packets: {failure.Message}");
    }

    private static Socket Bind(IPAddress address)
    {
        var sink = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveTimeout = SilenceMilliseconds,
        };
        sink.Bind(new IPEndPoint(address, 0));
        try
        {
            // Beyond the machine's limit for ordinary programs, so that the sink's queue is not what is measured.
            sink.ForceReceiveBuffer(ReceiveBufferBytes);
        }
        catch (SocketException)
        {
            // Root of a container that may not; the ordinary limit has to do.
            sink.ReceiveBufferSize = ReceiveBufferBytes;
        }

        return sink;
    }

    private static long Send(Socket sender, int payloadBytes, TimeSpan duration, CancellationToken cancellation)
    {
        byte[] payload = new byte[payloadBytes];
        long count = 0;
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < duration && !cancellation.IsCancellationRequested)
        {
            for (int burst = 0; burst < Burst; burst++)
            {
                _ = sender.Send(payload);
                count++;
            }
        }

        return count;
    }

    private static (long Received, TimeSpan Took) Receive(Socket sink, CancellationToken sent)
    {
        byte[] buffer = new byte[2048];
        long received = 0;
        long first = 0;
        long last = 0;
        while (true)
        {
            try
            {
                _ = sink.Receive(buffer);
            }
            catch (SocketException problem) when (
                problem.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                if (sent.IsCancellationRequested)
                {
                    return (received, Stopwatch.GetElapsedTime(first, last));
                }

                continue;
            }

            last = Stopwatch.GetTimestamp();
            if (received++ == 0)
            {
                first = last;
            }
        }
    }
}
