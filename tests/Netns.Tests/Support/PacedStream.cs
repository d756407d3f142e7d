using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lab;
using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>One TCP connection over a long time with a little traffic, every byte of which is compared.</summary>
internal static class PacedStream
{
    private const int BlockBytes = 4096;

    // A retransmission after an outage waits for a second or two at most.
    private const int PatienceMilliseconds = 60_000;

    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(5);

    /// <summary>Sends a block every 5 ms until it is enough, and fails unless all of them arrive unchanged.</summary>
    /// <param name="fromNamespace">Where the sender is.</param>
    /// <param name="toNamespace">Where the receiver is.</param>
    /// <param name="destination">The receiver's address.</param>
    /// <param name="seed">Of the bytes.</param>
    /// <param name="enough">Ends it.</param>
    /// <returns>Bytes that arrived.</returns>
    internal static async Task<long> Run(
        string fromNamespace, string toNamespace, IPAddress destination, int seed, CancellationToken enough)
    {
        byte[] block = new byte[BlockBytes];
        new Random(seed).NextBytes(block);
        using Socket listener = LabNamespace.Run(toNamespace, NewSocket);
        listener.Bind(new IPEndPoint(destination, 0));
        listener.Listen(1);
        using Socket sender = LabNamespace.Run(fromNamespace, NewSocket);
        sender.Connect((IPEndPoint)listener.LocalEndPoint!); // a bound socket has one
        using Socket receiver = listener.Accept();
        receiver.ReceiveTimeout = PatienceMilliseconds;
        Task<long> receiving = Task.Run(() => Receive(receiver, block), CancellationToken.None);
        long sent = 0;
        while (!enough.IsCancellationRequested)
        {
            sent += sender.Send(block);
            Condition.Pause(s_interval, CancellationToken.None);
        }

        sender.Shutdown(SocketShutdown.Send);
        Assert.Equal(sent, await receiving);
        return sent;
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        SendTimeout = PatienceMilliseconds,
    };

    private static long Receive(Socket receiver, byte[] expected)
    {
        byte[] buffer = new byte[expected.Length];
        long total = 0;
        while (true)
        {
            int offset = (int)(total % expected.Length);
            int count = receiver.Receive(buffer, expected.Length - offset, SocketFlags.None);
            if (count == 0)
            {
                return total;
            }

            Assert.True(
                buffer.AsSpan(0, count).SequenceEqual(expected.AsSpan(offset, count)), $"changed after {total} bytes");
            total += count;
        }
    }
}
