using System;
using System.Net;
using System.Threading;
using Overlay.Capture.Packets;
using Overlay.Lab;
using Overlay.Linux;
using Overlay.Netns.Tests.Support;

namespace Overlay.Netns.Tests.Soak;

/// <summary>
/// Counts the datagrams with packets of pods that reach and leave a host, whichever way they go there: its daemons'
/// counters end with them.
/// </summary>
/// <remarks>A capture sees a datagram before programs at the ingress do. Only for a host with little traffic.</remarks>
internal sealed class ThirdHostTap : IDisposable
{
    private readonly PacketDecoder _decoder = new(TestLab.Port);
    private readonly FrameTap _tap;
    private readonly IPAddress _own;
    private long _arrived;
    private long _sent;

    /// <summary>Begins.</summary>
    internal ThirdHostTap(HostPlan host)
    {
        _own = host.UnderlayAddress;
        _tap = new FrameTap(host.HostNamespace, "eth0", Count);
    }

    internal long Arrived => Volatile.Read(ref _arrived);

    internal long Sent => Volatile.Read(ref _sent);

    public void Dispose() => _tap.Dispose();

    private void Count(ReadOnlySpan<byte> frame, PacketDirection direction)
    {
        DecodedPacket packet = _decoder.Decode(LinkType.Ethernet, frame.ToArray(), frame.Length);
        if (packet is not { Encapsulation: Encapsulation.Udp, InnerCount: 1, Fault: PacketFault.None }
            || packet.Outer.DestinationPort != TestLab.Port || packet.Inner.Protocol == IpProtocols.Experimental)
        {
            return;
        }

        // What the wire floods is addressed to others.
        if (direction == PacketDirection.Incoming && packet.Outer.Ipv4.Destination.ToIPAddress().Equals(_own))
        {
            Volatile.Write(ref _arrived, _arrived + 1);
        }
        else if (direction == PacketDirection.Outgoing && packet.Outer.Ipv4.Source.ToIPAddress().Equals(_own))
        {
            Volatile.Write(ref _sent, _sent + 1);
        }
    }
}
