using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Overlay.Capture.Packets;
using Overlay.Lab;

namespace Overlay.Netns.Tests.Support;

/// <summary>So many pings, 1 ms apart, whether they are answered or not, and how many are in the end.</summary>
internal sealed class PingFlood : IDisposable
{
    private const ushort Identifier = 1537;

    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(1);

    private readonly Socket _socket;
    private readonly IPAddress _destination;
    private readonly bool[] _answered;
    private readonly Thread _sending;
    private readonly Thread _receiving;
    private bool _enough;
    private int _sent;
    private int _answers;

    /// <summary>Begins.</summary>
    /// <param name="fromNamespace">Where they are sent.</param>
    /// <param name="destination">Whom to ask.</param>
    /// <param name="count">How many, at most 65,535.</param>
    internal PingFlood(string fromNamespace, IPAddress destination, int count)
    {
        _destination = destination;
        _answered = new bool[count];
        _socket = LabNamespace.Run(
            fromNamespace, () => new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp)
            {
                ReceiveTimeout = 20,
                ReceiveBufferSize = 4 << 20,
            });
        _sending = new Thread(Send) { IsBackground = true, Name = "ping-flood" };
        _receiving = new Thread(Receive) { IsBackground = true, Name = "ping-answers" };
        _receiving.Start();
        _sending.Start();
    }

    /// <summary>Sent so far.</summary>
    internal int Sent => Volatile.Read(ref _sent);

    /// <summary>Answered so far.</summary>
    internal int Answered => Volatile.Read(ref _answers);

    /// <summary>Waits until all are sent, and for answers as long as some come.</summary>
    /// <returns>How many stayed without one.</returns>
    internal int AwaitLost()
    {
        _sending.Join();
        int before;
        do
        {
            before = Answered;
            _ = Condition.Holds(() => Answered == _answered.Length, TimeSpan.FromSeconds(1));
        }
        while (Answered != before);
        return _answered.Length - Answered;
    }

    /// <summary>Those of a part that stayed without an answer, once <see cref="AwaitLost"/> has returned.</summary>
    internal int LostOf(Range part) => _answered[part].Count(isAnswered => !isAnswered);

    public void Dispose()
    {
        Volatile.Write(ref _enough, true);
        _sending.Join();
        _receiving.Join();
        _socket.Dispose();
    }

    private void Send()
    {
        byte[] request = new byte[IcmpMessage.HeaderBytes + Pinger.DataBytes];
        var to = new IPEndPoint(_destination, 0);
        for (int i = 0; i < _answered.Length && !Volatile.Read(ref _enough); i++)
        {
            EchoRequest.Write(request, Identifier, (ushort)i);
            try
            {
                _ = _socket.SendTo(request, to);
            }
            catch (SocketException)
            {
                // No route at this moment: one that is lost.
            }

            Volatile.Write(ref _sent, i + 1);
            Condition.Pause(s_interval, CancellationToken.None);
        }
    }

    private void Receive()
    {
        byte[] packet = new byte[2048];
        var decoder = new PacketDecoder();
        while (!Volatile.Read(ref _enough))
        {
            int length;
            try
            {
                length = _socket.Receive(packet);
            }
            catch (SocketException)
            {
                continue; // nothing came meanwhile, or the kernel tells of a way that is missing
            }

            PacketHeaders headers = decoder.Decode(LinkType.Ipv4, packet.AsMemory(0, length), length).Outer;
            if (headers.Transport == TransportKind.Icmp
                && headers.Ipv4.Source.ToIPAddress().Equals(_destination)
                && headers.Icmp is { Type: IcmpMessage.EchoReply, Identifier: Identifier }
                && headers.Icmp.Sequence < _answered.Length && !_answered[headers.Icmp.Sequence])
            {
                _answered[headers.Icmp.Sequence] = true;
                Volatile.Write(ref _answers, _answers + 1);
            }
        }
    }
}
