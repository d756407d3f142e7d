using System;
using System.Net;
using System.Net.Sockets;
using Overlay.Capture.Packets;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Trace;

/// <summary>Sends a trace's pings from a namespace, and gets what its kernel delivers (raw(7)).</summary>
internal sealed class EchoSender : IDisposable
{
    private readonly Socket _socket;
    private readonly TracePing _ping;
    private readonly IPEndPoint _destination;
    private readonly PacketDecoder _decoder = new();
    private readonly byte[] _received = new byte[ushort.MaxValue];

    /// <summary>Opens it.</summary>
    /// <param name="place">Where it sends from.</param>
    /// <param name="ping">What it sends.</param>
    /// <param name="destination">To whom.</param>
    /// <exception cref="OperatorException">The kernel refused the socket.</exception>
    internal EchoSender(NetworkNamespace place, TracePing ping, Ipv4Address destination)
    {
        (_ping, _destination) = (ping, new IPEndPoint(IPAddress.Parse($"{destination}"), 0));
        try
        {
            _socket = place.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp));
        }
        catch (SocketException problem)
        {
            throw new OperatorException(
                $"a raw ICMP socket cannot be opened: {problem.Message}; run as root, or grant CAP_NET_RAW", problem);
        }
    }

    /// <summary>Sends one.</summary>
    /// <returns>Why the kernel has not sent it; null when it has.</returns>
    internal string? Send(ushort sequence)
    {
        try
        {
            _ = _socket.SendTo(_ping.Request(sequence), _destination);
            return null;
        }
        catch (SocketException problem)
        {
            return problem.Message;
        }
    }

    /// <summary>What has been delivered about one since it was asked last; null for nothing.</summary>
    internal TraceWay? Take(ushort sequence)
    {
        while (_socket.Poll(TimeSpan.Zero, SelectMode.SelectRead))
        {
            int length;
            try
            {
                length = _socket.Receive(_received);
            }
            catch (SocketException)
            {
                continue; // an error of an earlier datagram, which comes as a message too
            }

            DecodedPacket packet = _decoder.Decode(LinkType.Ipv4, _received.AsMemory(0, length), length);
            if (_ping.Recognize(packet, out ushort found) is TraceWay.Reply or TraceWay.Error && found == sequence)
            {
                return packet.Outer.Icmp.IsError ? TraceWay.Error : TraceWay.Reply;
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
