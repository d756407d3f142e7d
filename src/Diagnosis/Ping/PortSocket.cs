using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Packets;

namespace Overlay.Diagnosis.Ping;

/// <summary>Asks daemons of peers at their UDP port, and reads the errors about it as well (IP_RECVERR).</summary>
/// <remarks>The network namespace is that of the thread that opens it. One caller at a time.</remarks>
public sealed class PortSocket : IDisposable
{
    private const int BufferBytes = 1 << 16;

    private readonly UdpSocket _socket;
    private readonly ushort _port;
    private readonly PinnedSlab _slab = new(ReceiveBatch.BytesFor(1));
    private readonly ReceiveBatch _batch;

    /// <summary>Opens it at a port of this host that is free.</summary>
    /// <param name="own">This host's address that peers know it by; 0.0.0.0 to leave it to the kernel.</param>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public PortSocket(Ipv4Address own)
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
    public EchoAnswer Ask(Ipv4Address peer, ushort port, TimeSpan within) => Ask([peer], port, within)[peer];

    /// <summary>Asks several, each once, and waits for all of them together.</summary>
    /// <inheritdoc cref="Ask(Ipv4Address, ushort, TimeSpan)"/>
    /// <param name="peers">Whom.</param>
    /// <param name="port">Of their daemons.</param>
    /// <param name="within">How long to wait for the slowest.</param>
    public IReadOnlyDictionary<Ipv4Address, EchoAnswer> Ask(
        IReadOnlyCollection<Ipv4Address> peers, ushort port, TimeSpan within)
    {
        byte[] question = new byte[PingProbe.Bytes];
        ulong nonce = (ulong)Random.Shared.NextInt64();
        PingProbe.WriteQuestion(question, _port, nonce);
        return Exchange(peers, port, question, nonce, within);
    }

    /// <summary>Sends a datagram that nobody answers, for the errors that may come back.</summary>
    /// <inheritdoc cref="Ask(Ipv4Address, ushort, TimeSpan)"/>
    /// <param name="peer">Whom.</param>
    /// <param name="port">Of what listens there.</param>
    /// <param name="datagram">Its bytes.</param>
    /// <param name="within">How long to wait.</param>
    internal EchoAnswer Knock(Ipv4Address peer, ushort port, ReadOnlySpan<byte> datagram, TimeSpan within) =>
        Exchange([peer], port, datagram, nonce: null, within)[peer];

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        _batch.Dispose();
        _slab.Dispose();
    }

    private Dictionary<Ipv4Address, EchoAnswer> Exchange(
        IReadOnlyCollection<Ipv4Address> peers, ushort port, ReadOnlySpan<byte> datagram, ulong? nonce,
        TimeSpan within)
    {
        while (_socket.TryReadError(out _))
        {
            // An error about an earlier question would fail this one (ip(7), IP_RECVERR).
        }

        Dictionary<Ipv4Address, EchoAnswer?> answers = [];
        long began = Stopwatch.GetTimestamp();
        foreach (Ipv4Address peer in peers)
        {
            if (answers.TryAdd(peer, null) && Send(peer, port, datagram, answers, began) is { Succeeded: false } no)
            {
                answers[peer] ??= new EchoAnswer(EchoOutcome.Refused)
                {
                    Refusal = $"this host does not send it: {no.Errno}",
                };
            }
        }

        while (answers.ContainsValue(null)
            && (within - Stopwatch.GetElapsedTime(began)).TotalMilliseconds is > 0 and var left)
        {
            _ = Readiness.WaitReadable(_socket.Descriptor, Math.Max(1, (int)left));
            _ = TakeErrors(answers, began);
            TakeAnswers(answers, nonce, began);
        }

        return answers.ToDictionary(
            each => each.Key, each => each.Value ?? new EchoAnswer(EchoOutcome.Silence));
    }

    // An error about a peer that was asked before takes the place of the next datagram, which is sent again then.
    private SyscallResult Send(
        Ipv4Address peer, ushort port, ReadOnlySpan<byte> datagram, Dictionary<Ipv4Address, EchoAnswer?> answers,
        long began)
    {
        while (true)
        {
            SyscallResult sent = _socket.Send(peer, port, datagram);
            if (sent.Succeeded || !TakeErrors(answers, began))
            {
                return sent;
            }
        }
    }

    // Whether there was one that came from elsewhere.
    private bool TakeErrors(Dictionary<Ipv4Address, EchoAnswer?> answers, long began)
    {
        bool isAny = false;
        while (_socket.TryReadError(out DatagramError error))
        {
            isAny |= !error.IsLocal;
            if (answers.TryGetValue(error.Destination, out EchoAnswer? known) && known is null && !error.IsLocal)
            {
                answers[error.Destination] = new EchoAnswer(EchoOutcome.IcmpError, Stopwatch.GetElapsedTime(began))
                {
                    IcmpType = error.IcmpType,
                    IcmpCode = error.IcmpCode,
                    Offender = error.Offender,
                    Mtu = error.Mtu,
                };
            }
        }

        return isAny;
    }

    private void TakeAnswers(Dictionary<Ipv4Address, EchoAnswer?> answers, ulong? nonce, long began)
    {
        while (_socket.Receive(_batch, 1).Succeeded)
        {
            if (nonce is { } asked && answers.ContainsKey(_batch[0].Source)
                && PingProbe.ReadAnswer(_batch.BytesOf(0), asked) is { } release)
            {
                answers[_batch[0].Source] ??= new EchoAnswer(EchoOutcome.Answered, Stopwatch.GetElapsedTime(began))
                {
                    Release = release,
                };
            }
        }
    }
}
