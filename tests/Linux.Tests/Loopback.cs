using System;
using System.Threading;
using Overlay.Net;
using Xunit;

namespace Overlay.Linux.Tests;

/// <summary>
/// Sockets on the loopback interface of a namespace of the test's own, and one slab for all their messages.
/// </summary>
internal sealed class Loopback : IDisposable
{
    /// <summary>Where the first slot of a <see cref="ReceiveBatch"/> begins; below is room for what is sent.</summary>
    internal const int ReceiveStart = 1 << 17;

    private const int Slots = 8;

    private const int BufferBytes = 1 << 20;

    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    internal Loopback() => Inside.Ip("link set lo up");

    internal TemporaryNamespace Inside { get; } = new();

    internal PinnedSlab Slab { get; } = new(ReceiveStart + ReceiveBatch.BytesFor(Slots));

    internal UdpSocket Bind(ushort port, Ipv4Address? address = null, bool isShared = false) =>
        Inside.Namespace.Run(
            () => UdpSocket.Bind(address ?? Ipv4Address.Loopback, port, BufferBytes, isShared));

    internal SendBatch NewSendBatch(int messages = 16, int pieces = 64) => new(Slab, messages, pieces);

    internal ReceiveBatch NewReceiveBatch(int slots = Slots) => new(Slab, ReceiveStart, slots);

    /// <summary>Writes random bytes where they can be sent from.</summary>
    internal byte[] Fill(int offset, int lengthBytes, int seed)
    {
        byte[] bytes = new byte[lengthBytes];
        new Random(seed).NextBytes(bytes);
        bytes.CopyTo(Slab.Slice(offset, lengthBytes));
        return bytes;
    }

    /// <summary>The bytes of a received message.</summary>
    internal byte[] BytesOf(in ReceiveBatch.Message message) => Slab.Slice(message.Offset, message.Bytes).ToArray();

    /// <summary>Receives once, as soon as something is there.</summary>
    internal static void Receive(UdpSocket socket, ReceiveBatch batch, int atMost)
    {
        SyscallResult received = default;
        Assert.True(
            SpinWait.SpinUntil(
                () => (received = socket.Receive(batch, atMost)).Errno != Errno.EAGAIN, s_deadline), "nothing arrived");
        Assert.True(received.Succeeded, received.ToString());
        Assert.Equal(batch.Count, received.Count);
    }

    /// <summary>Receives until so many messages are there, each on its own.</summary>
    internal byte[][] ReceiveAll(UdpSocket socket, int messages)
    {
        using ReceiveBatch batch = NewReceiveBatch(1);
        byte[][] all = new byte[messages][];
        for (int i = 0; i < messages; i++)
        {
            Receive(socket, batch, 1);
            Assert.Equal(0, batch[0].SegmentBytes);
            Assert.False(batch[0].IsTruncated);
            all[i] = BytesOf(batch[0]);
        }

        Assert.Equal(Errno.EAGAIN, socket.Receive(batch, 1).Errno);
        return all;
    }

    public void Dispose()
    {
        Slab.Dispose();
        Inside.Dispose();
    }
}
