using System;
using System.Net;
using System.Net.Sockets;

namespace Overlay.KernelPath.Tests;

/// <summary>Sends packets out of an interface as if the host had routed them there (packet(7), SOCK_RAW).</summary>
internal sealed class PacketInjector : IDisposable
{
    private const int PacketLevel = 263;     // SOL_PACKET, linux/socket.h
    private const int VirtioNetHeader = 15;  // PACKET_VNET_HDR, linux/if_packet.h
    private const int AddressBytes = 20;     // struct sockaddr_ll

    private readonly Socket _socket = new(AddressFamily.Packet, SocketType.Raw, 0);
    private readonly SocketAddress _address = new(AddressFamily.Packet, AddressBytes);

    /// <summary>Opens it in the calling thread's network namespace.</summary>
    /// <param name="interfaceIndex">A device without link header.</param>
    /// <param name="virtioNetHeader">Whether each packet stands behind a virtio-net header of 10 bytes.</param>
    internal PacketInjector(int interfaceIndex, bool virtioNetHeader = false)
    {
        _address[2] = 0x08; // ETH_P_IP
        BitConverter.TryWriteBytes(_address.Buffer.Span[4..], interfaceIndex);
        if (virtioNetHeader)
        {
            _socket.SetRawSocketOption(PacketLevel, VirtioNetHeader, BitConverter.GetBytes(1));
        }
    }

    internal void Send(ReadOnlySpan<byte> packet) => _socket.SendTo(packet, SocketFlags.None, _address);

    public void Dispose() => _socket.Dispose();
}
