using System;
using System.Diagnostics;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Packets;

namespace Overlay.Diagnosis.Ping;

/// <summary>Asks the daemon of a peer at its UDP port, and reads the errors about it as well (IP_RECVERR).</summary>
internal sealed class PortSocket : IDisposable
{
    private const int BufferBytes = 1 << 16;

    private readonly UdpSocket _socket;
    private readonly ushort _port;
    private readonly PinnedSlab _slab = new(ReceiveBatch.BytesFor(1));
    private readonly ReceiveBatch _batch;

    /// <summary>Opens it at a port of this host that is free.</summary>
    /// <param name="own">This host's address that peers know it by; 0.0.0.0 to leave it to the kernel.</param>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    internal PortSocket(Ipv4Address own)
    {
        _batch = new ReceiveBatch(_slab, 0, 1);
        _socket = UdpSocket.Bind(own, 0, BufferBytes);
        _port = _socket.LocalPort;
        _ = _socket.SetErrorReports(true);
    }

    /// <summary>Asks once.</summary>
    /// <param name="peer">Whom.</param>
    /// <param name="port">Of its daemon.</param>
    /// <param name="within">How long to wait.</param>
    /// <returns>Silence also where stock flannel listens: it drops the question unseen.</returns>
    internal EchoAnswer Ask(Ipv4Address peer, ushort port, TimeSpan within)
    {
        byte[] question = new byte[PingProbe.Bytes];
        ulong nonce = (ulong)Random.Shared.NextInt64();
        PingProbe.WriteQuestion(question, _port, nonce);
        return Exchange(peer, port, question, nonce, within);
    }

    /// <summary>Sends a datagram that nobody answers, for the errors that may come back.</summary>
    /// <inheritdoc cref="Ask"/>
    /// <param name="peer">Whom.</param>
    /// <param name="port">Of what listens there.</param>
    /// <param name="datagram">Its bytes.</param>
    /// <param name="within">How long to wait.</param>
    internal EchoAnswer Knock(Ipv4Address peer, ushort port, ReadOnlySpan<byte> datagram, TimeSpan within) =>
        Exchange(peer, port, datagram, nonce: null, within);

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        _batch.Dispose();
        _slab.Dispose();
    }

    private EchoAnswer Exchange(
        Ipv4Address peer, ushort port, ReadOnlySpan<byte> datagram, ulong? nonce, TimeSpan within)
    {
        while (_socket.TryReadError(out _))
        {
            // An error about an earlier question would fail this one (ip(7), IP_RECVERR).
        }

        long began = Stopwatch.GetTimestamp();
        if (_socket.Send(peer, port, datagram) is { Succeeded: false } refused)
        {
            return new EchoAnswer(EchoOutcome.Refused) { Refusal = $"this host does not send it: {refused.Errno}" };
        }

        while (true)
        {
            double left = (within - Stopwatch.GetElapsedTime(began)).TotalMilliseconds;
            if (left <= 0)
            {
                return new EchoAnswer(EchoOutcome.Silence);
            }

            _ = Readiness.WaitReadable(_socket.Descriptor, Math.Max(1, (int)left));
            TimeSpan roundTrip = Stopwatch.GetElapsedTime(began);
            if (_socket.TryReadError(out DatagramError error) && error.Destination == peer)
            {
                return new EchoAnswer(EchoOutcome.IcmpError, roundTrip)
                {
                    IcmpType = error.IcmpType,
                    IcmpCode = error.IcmpCode,
                    Offender = error.Offender,
                    Mtu = error.Mtu,
                };
            }

            if (nonce is { } asked && _socket.Receive(_batch, 1).Succeeded && _batch[0].Source == peer
                && PingProbe.ReadAnswer(_batch.BytesOf(0), asked) is { } release)
            {
                return new EchoAnswer(EchoOutcome.Answered, roundTrip) { Release = release };
            }
        }
    }
}
