using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace Overlay.Lab;

/// <summary>What a TCP stream delivered.</summary>
/// <param name="Bytes">Received by the far end.</param>
/// <param name="Took">From the first byte received to the last.</param>
public sealed record TcpResult(long Bytes, TimeSpan Took)
{
    /// <summary>Goodput in Gbit/s.</summary>
    public double GigabitsPerSecond => Took > TimeSpan.Zero ? Bytes * 8 / Took.TotalSeconds / 1e9 : 0;
}

/// <summary>One TCP stream between two namespaces, as fast as it goes.</summary>
public static class TcpStream
{
    private const int BlockBytes = 128 * 1024;

    // A send or a receive that lasts this long means that the path is dead; no measurement hangs on it.
    private const int PatienceMilliseconds = 30_000;

    /// <summary>Sends for <paramref name="duration"/> and reports what arrived.</summary>
    /// <param name="fromNamespace">Where the sender is.</param>
    /// <param name="toNamespace">Where the receiver is.</param>
    /// <param name="destination">The receiver's address.</param>
    /// <param name="duration">How long to send.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="LabException">No connection came about, or it broke.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signalled.</exception>
    public static TcpResult Measure(
        string fromNamespace, string toNamespace, IPAddress destination, TimeSpan duration,
        CancellationToken cancellation)
    {
        using Socket listener = LabNamespace.Run(toNamespace, () => Listen(destination));
        using Socket sender = LabNamespace.Run(fromNamespace, () => NewSocket());
        // Closing is what wakes a blocked call; the threads then end by their own exceptions.
        using CancellationTokenRegistration abort = cancellation.Register(() =>
        {
            sender.Dispose();
            listener.Dispose();
        });

        TcpResult result = new(0, TimeSpan.Zero);
        Exception? failure = null;
        var receiving = new Thread(() =>
        {
            try
            {
                result = Receive(listener);
            }
            catch (Exception problem) when (problem is SocketException or ObjectDisposedException)
            {
                failure = problem;
            }
        })
        {
            IsBackground = true,
            Name = "tcp-receive",
        };
        receiving.Start();

        try
        {
            sender.Connect((IPEndPoint)listener.LocalEndPoint!); // a bound socket has one
            Send(sender, duration, cancellation);
            sender.Shutdown(SocketShutdown.Send);
        }
        catch (Exception problem) when (problem is SocketException or ObjectDisposedException)
        {
            failure = problem;
            listener.Dispose();
        }

        receiving.Join();
        cancellation.ThrowIfCancellationRequested();
        return failure is null
            ? result
            : throw new LabException($"tcp to {destination} broke: {failure.Message}");
    }

    private static Socket Listen(IPAddress address)
    {
        Socket listener = NewSocket();
        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen(1);
        return listener;
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        SendTimeout = PatienceMilliseconds,
        ReceiveTimeout = PatienceMilliseconds,
    };

    private static void Send(Socket sender, TimeSpan duration, CancellationToken cancellation)
    {
        byte[] block = new byte[BlockBytes];
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < duration && !cancellation.IsCancellationRequested)
        {
            _ = sender.Send(block);
        }
    }

    private static TcpResult Receive(Socket listener)
    {
        using Socket connection = listener.Accept();
        connection.ReceiveTimeout = PatienceMilliseconds;
        byte[] block = new byte[BlockBytes];
        long bytes = 0;
        long began = 0;
        long ended = 0;
        while (true)
        {
            int count = connection.Receive(block);
            if (count == 0)
            {
                return new TcpResult(bytes, Stopwatch.GetElapsedTime(began, ended));
            }

            ended = Stopwatch.GetTimestamp();
            if (bytes == 0)
            {
                began = ended;
            }

            bytes += count;
        }
    }
}
