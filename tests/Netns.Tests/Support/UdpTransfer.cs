using System;
using System.Net;
using System.Net.Sockets;
using Overlay.Lab;
using Overlay.Linux;
using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>How a sender hands datagrams to its kernel.</summary>
internal enum UdpSending
{
    /// <summary>One a call, with DF as the kernel sets it.</summary>
    Single,

    /// <summary>One a call, free to be fragmented on the way.</summary>
    Fragmentable,

    /// <summary>One a call, without a UDP checksum (RFC 768 allows that; SO_NO_CHECK, socket(7)).</summary>
    Unchecked,

    /// <summary>Many a call, which the kernel or whoever comes after it cuts apart (UDP_SEGMENT, udp(7)).</summary>
    Segmented,
}

/// <summary>Sends known datagrams from one namespace to another and compares each that arrives.</summary>
internal static class UdpTransfer
{
    private const int ReceiveBufferBytes = 8 << 20;
    private const int SocketLevel = 1, NoCheck = 11; // SOL_SOCKET, SO_NO_CHECK: asm-generic/socket.h

    // So few at a time that no queue on the way is full: nothing may be lost.
    private const int Burst = 32;

    /// <summary>Fails the test unless every datagram arrives, in order, with its own length and content.</summary>
    /// <param name="fromNamespace">Where the sender is.</param>
    /// <param name="toNamespace">Where the receiver is.</param>
    /// <param name="destination">The receiver's address.</param>
    /// <param name="payloadBytes">Of each datagram; the last of every 32 is shorter.</param>
    /// <param name="bursts">How many times 32.</param>
    /// <param name="seed">Of the random bytes; part of the failure's text.</param>
    /// <param name="sending">How they are handed to the sender's kernel.</param>
    internal static void ArrivesIntact(
        string fromNamespace, string toNamespace, IPAddress destination, int payloadBytes, int bursts, int seed,
        UdpSending sending = UdpSending.Single)
    {
        using Socket receiver = LabNamespace.Run(toNamespace, NewSocket);
        receiver.ForceReceiveBuffer(ReceiveBufferBytes);
        receiver.Bind(new IPEndPoint(destination, 0));
        receiver.ReceiveTimeout = (int)TestLab.Patience.TotalMilliseconds;
        using Socket sender = LabNamespace.Run(fromNamespace, NewSocket);
        sender.Connect((IPEndPoint)receiver.LocalEndPoint!); // a bound socket has one
        if (sending == UdpSending.Segmented)
        {
            sender.SetSegmentBytes(payloadBytes);
        }
        else if (sending == UdpSending.Fragmentable)
        {
            sender.DontFragment = false;
        }
        else if (sending == UdpSending.Unchecked)
        {
            sender.SetRawSocketOption(SocketLevel, NoCheck, BitConverter.GetBytes(1));
        }

        var random = new Random(seed);
        byte[] data = new byte[((Burst - 1) * payloadBytes) + (payloadBytes / 2) + 1];
        for (int burst = 0; burst < bursts; burst++)
        {
            random.NextBytes(data);
            Send(sender, data, payloadBytes, sending);
            Compare(receiver, data, payloadBytes, $"burst {burst} of {payloadBytes} bytes, {sending}, seed {seed}");
        }
    }

    private static void Send(Socket sender, byte[] data, int payloadBytes, UdpSending sending)
    {
        if (sending == UdpSending.Segmented)
        {
            _ = sender.Send(data);
            return;
        }

        for (int offset = 0; offset < data.Length; offset += payloadBytes)
        {
            _ = sender.Send(data.AsSpan(offset, Math.Min(payloadBytes, data.Length - offset)));
        }
    }

    private static void Compare(Socket receiver, byte[] data, int payloadBytes, string hint)
    {
        byte[] buffer = new byte[64 * 1024];
        for (int offset = 0; offset < data.Length; offset += payloadBytes)
        {
            int length;
            try
            {
                length = receiver.Receive(buffer);
            }
            catch (SocketException problem)
            {
                throw new InvalidOperationException($"{hint}: datagram {offset / payloadBytes} did not come", problem);
            }

            ReadOnlySpan<byte> sent = data.AsSpan(offset, Math.Min(payloadBytes, data.Length - offset));
            Assert.True(buffer.AsSpan(0, length).SequenceEqual(sent),
                $"{hint}: datagram {offset / payloadBytes} is {length} bytes, not the {sent.Length} that were sent");
        }
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
}
