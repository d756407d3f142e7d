using System;
using Overlay.KernelPath.Maps;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Packets;

namespace Overlay.KernelPath;

/// <summary>Asks peers whether their kernel decapsulates, and tells those that ask when this host's ends to.</summary>
/// <remarks>The programs of both sides do the rest: an answer never comes here. One thread at a time.</remarks>
internal sealed class PeerProber : IDisposable
{
    // A probe to a host that is gone waits in the kernel for a link address, 3 s as a rule (mcast_solicit, arp(7)), and
    // counts to the send buffer meanwhile: at 1, 2 and 4 s from each other there are three of a peer at a time, of
    // 768 bytes each. Where all peers are gone but one, that one is still asked.
    private const int SendBufferBytes = KernelMaps.MostSlots * 3 * 1024;

    private readonly UdpSocket _socket;
    private readonly TunnelEndpoint _own;
    private readonly KernelMaps _maps;
    private readonly byte[] _packet = new byte[PeerProbe.Bytes];

    private PeerProber(UdpSocket socket, TunnelEndpoint own, KernelMaps maps)
    {
        _socket = socket;
        _own = own;
        _maps = maps;
    }

    /// <summary>Opens a socket for it.</summary>
    /// <param name="own">This host's endpoint: probes go to its port on the peers.</param>
    /// <param name="maps">They are borrowed.</param>
    /// <exception cref="LinuxException">The kernel refused the socket.</exception>
    internal static PeerProber Open(TunnelEndpoint own, KernelMaps maps)
    {
        var socket = UdpSocket.Bind(own.Address, 0, PeerProbe.Bytes);
        socket.EnlargeSendBuffer(SendBufferBytes);
        _ = socket.OmitChecksums(); // with one, the other side's program clears it
        return new PeerProber(socket, own, maps);
    }

    /// <summary>
    /// Asks a peer, if it is time to: each second while it answers, ever more rarely when it does not.
    /// </summary>
    /// <param name="peer">Whom.</param>
    /// <param name="state">What the programs know of it.</param>
    /// <param name="seconds">Of a clock that does not go back.</param>
    internal void AskIfDue(PeerSlot peer, in PeerState state, long seconds)
    {
        bool hasSpoken = state.AskedNonce != peer.AskedBefore || state.ReachableUntil != peer.ReachedBefore;
        (peer.AskedBefore, peer.ReachedBefore) = (state.AskedNonce, state.ReachableUntil);
        if (hasSpoken)
        {
            peer.Pause = PeerSlot.ShortestPause;
            peer.AskAt = Math.Min(peer.AskAt, seconds + PeerSlot.ShortestPause);
        }

        if (seconds < peer.AskAt)
        {
            return;
        }

        if (Send(ProbeKind.Request, peer.Address, peer.Nonce) is Errno.EAGAIN or Errno.ENOBUFS)
        {
            return; // the buffer is full: at the next call
        }

        peer.AskAt = seconds + peer.Pause;
        peer.Pause = Math.Min(peer.Pause * 2, PeerSlot.LongestPause);
    }

    /// <summary>Tells a peer that has asked that this host takes nothing any more.</summary>
    internal void Farewell(PeerSlot peer)
    {
        if (_maps.States.Find<uint, PeerState>(peer.Slot) is { AskedNonce: not 0 } state)
        {
            _ = Send(ProbeKind.Farewell, peer.Address, state.AskedNonce);
        }
    }

    public void Dispose() => _socket.Dispose();

    // What cannot be sent for another reason than a full buffer is as what is not answered.
    private Errno Send(ProbeKind kind, Ipv4Address peer, ulong nonce)
    {
        PeerProbe.Write(_packet, kind, _own.Address, peer, nonce);
        return _socket.Send(peer, _own.Port, _packet).Errno;
    }
}
