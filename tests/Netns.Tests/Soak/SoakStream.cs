using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Overlay.Lab;
using Xunit;

namespace Overlay.Netns.Tests.Soak;

/// <summary>
/// One TCP connection after the other from a namespace to another, as fast as it goes; every byte that arrives is
/// compared.
/// </summary>
internal sealed class SoakStream
{
    private const int BlockBytes = 128 << 10;
    private const int PatternBytes = (1 << 20) + 7; // not a multiple of anything else here

    // Beside a flood a connection may wait for several timeouts in a row; it may not wait for ever.
    private const int PatienceMilliseconds = 120_000;

    private static readonly TimeSpan s_connectionLasts = TimeSpan.FromSeconds(3);

    private readonly string _from;
    private readonly string _to;
    private readonly IPAddress _destination;
    private readonly byte[] _pattern = new byte[PatternBytes];

    /// <param name="fromNamespace">Where the sender is.</param>
    /// <param name="toNamespace">Where the receiver is.</param>
    /// <param name="destination">The receiver's address.</param>
    /// <param name="seed">Of the bytes.</param>
    internal SoakStream(string fromNamespace, string toNamespace, IPAddress destination, int seed)
    {
        (_from, _to, _destination) = (fromNamespace, toNamespace, destination);
        new Random(seed).NextBytes(_pattern);
    }

    /// <summary>Arrived, all connections together.</summary>
    internal long Bytes { get; private set; }

    /// <summary>Opened, used and closed.</summary>
    internal int Connections { get; private set; }

    /// <summary>Goes on until <paramref name="cancellation"/> is signalled and the last connection is closed.</summary>
    internal void Run(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            Connect(cancellation);
            Connections++;
        }
    }

    private void Connect(CancellationToken cancellation)
    {
        using Socket listener = LabNamespace.Run(_to, () => NewSocket());
        listener.Bind(new IPEndPoint(_destination, 0));
        listener.Listen(1);
        using Socket sender = LabNamespace.Run(_from, () => NewSocket());
        sender.Connect((IPEndPoint)listener.LocalEndPoint!); // a bound socket has one
        using Socket receiver = listener.Accept();
        receiver.ReceiveTimeout = PatienceMilliseconds;

        long sent = 0;
        Exception? failure = null;
        var sending = new Thread(() =>
        {
            try
            {
                sent = Send(sender, cancellation);
            }
            catch (SocketException problem)
            {
                failure = problem;
                sender.Close(0); // so that the receiver does not wait either
            }
        })
        { Name = "soak-send" };
        sending.Start();
        long received = 0;
        try
        {
            received = Receive(receiver);
        }
        finally
        {
            receiver.Close(0);
            sending.Join(); // at the latest when its patience ends
        }

        Assert.True(failure is null, $"tcp to {_destination} broke: {failure?.Message}");
        Assert.Equal(sent, received);
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        SendTimeout = PatienceMilliseconds,
        ReceiveTimeout = PatienceMilliseconds,
    };

    private long Send(Socket sender, CancellationToken cancellation)
    {
        long sent = 0;
        long began = Stopwatch.GetTimestamp();
        while (!cancellation.IsCancellationRequested && Stopwatch.GetElapsedTime(began) < s_connectionLasts)
        {
            int position = (int)(sent % PatternBytes);
            sent += sender.Send(_pattern.AsSpan(position, Math.Min(BlockBytes, PatternBytes - position)));
        }

        sender.Shutdown(SocketShutdown.Send);
        return sent;
    }

    private long Receive(Socket receiver)
    {
        byte[] block = new byte[BlockBytes];
        long received = 0;
        while (true)
        {
            int position = (int)(received % PatternBytes);
            int count = receiver.Receive(block.AsSpan(0, Math.Min(BlockBytes, PatternBytes - position)));
            if (count == 0)
            {
                return received;
            }

            Assert.True(block.AsSpan(0, count)
                .SequenceEqual(_pattern.AsSpan(position, count)), $"bytes differ after {received}");
            received += count;
            Bytes += count;
        }
    }
}
