using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Overlay.Capture.Packets;
using Overlay.Lab;
using Overlay.Linux;

namespace Overlay.Netns.Tests.Support;

/// <summary>Listens on an Ethernet interface of a namespace for plain IPv4 packets, in both directions.</summary>
internal sealed class PacketWatch : IDisposable
{
    private readonly PacketSocket _socket;
    private readonly PacketDecoder _decoder = new();
    private readonly byte[] _frame = new byte[64 * 1024];

    internal PacketWatch(string networkNamespace, string interfaceName)
    {
        int index = LabNamespace.InterfaceIndex(networkNamespace, interfaceName);
        _socket = LabNamespace.Run(networkNamespace, () => PacketSocket.Open(index));
    }

    /// <summary>The first wanted packet that has passed since the start, or passes now.</summary>
    /// <param name="wanted">Told the headers of each, and what it carries.</param>
    /// <param name="within">How long to wait; zero looks at what has passed.</param>
    /// <returns>Null when none passed.</returns>
    internal Ipv4Header? First(Func<Ipv4Header, byte[], bool> wanted, TimeSpan within)
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            TimeSpan left = within - Stopwatch.GetElapsedTime(began);
            if (!_socket.TryReceive(_frame, left > TimeSpan.Zero ? left : TimeSpan.Zero, out int length, out _))
            {
                return null;
            }

            byte[] frame = _frame.AsSpan(0, length).ToArray();
            PacketHeaders packet = _decoder.Decode(LinkType.Ethernet, frame, length).Outer;
            if (packet.Network == NetworkKind.Ipv4 && wanted(packet.Ipv4, packet.Message.ToArray()))
            {
                return packet.Ipv4;
            }
        }
    }

    public void Dispose() => _socket.Dispose();
}

/// <summary>Sends datagrams of the test's own making from a namespace.</summary>
internal static class Injector
{
    /// <summary>One datagram to a host's tunnel port, from a port of the kernel's choice.</summary>
    internal static void Send(string networkNamespace, IPAddress host, byte[] datagram)
    {
        using Socket socket = NamespaceSocket.Udp(networkNamespace);
        _ = socket.SendTo(datagram, new IPEndPoint(host, TestLab.Port));
    }
}
