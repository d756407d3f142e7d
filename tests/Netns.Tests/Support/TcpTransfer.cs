using System;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Threading;
using Overlay.Lab;
using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>Sends known bytes over TCP from one namespace to another and compares what arrives.</summary>
internal static class TcpTransfer
{
    /// <summary>Fails the test unless every byte arrives, in order and unchanged.</summary>
    /// <param name="fromNamespace">Where the sender is.</param>
    /// <param name="toNamespace">Where the receiver is.</param>
    /// <param name="destination">The receiver's address.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="seed">Of the random bytes; part of the failure's text.</param>
    internal static void ArrivesIntact(
        string fromNamespace, string toNamespace, IPAddress destination, int bytes, int seed)
    {
        byte[] sent = new byte[bytes];
        new Random(seed).NextBytes(sent);
        using Socket listener = LabNamespace.Run(toNamespace, () => NewSocket());
        listener.Bind(new IPEndPoint(destination, 0));
        listener.Listen(1);
        using Socket sender = LabNamespace.Run(fromNamespace, () => NewSocket());
        sender.Connect((IPEndPoint)listener.LocalEndPoint!); // a bound socket has one
        using Socket receiver = listener.Accept();
        receiver.ReceiveTimeout = (int)TestLab.Patience.TotalMilliseconds;

        SocketException? failure = null;
        var sending = new Thread(() =>
        {
            try
            {
                _ = sender.Send(sent);
                sender.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException problem)
            {
                failure = problem;
            }
        });
        sending.Start();
        using var arrived = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] block = new byte[64 * 1024];
        long received = 0;
        for (int count = receiver.Receive(block); count > 0; count = receiver.Receive(block))
        {
            arrived.AppendData(block.AsSpan(0, count));
            received += count;
        }

        sending.Join();
        Assert.Null(failure);
        Assert.Equal(bytes, received);
        Assert.True(
            SHA256.HashData(sent).AsSpan().SequenceEqual(arrived.GetHashAndReset()), $"bytes differ, seed {seed}");
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        SendTimeout = (int)TestLab.Patience.TotalMilliseconds,
        ReceiveTimeout = (int)TestLab.Patience.TotalMilliseconds,
    };
}
