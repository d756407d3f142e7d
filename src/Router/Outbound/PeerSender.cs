using System;
using System.Runtime.CompilerServices;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Paths;
using Overlay.Router.Ports;
using Overlay.Router.Tapping;
using Overlay.Router.Workers;

namespace Overlay.Router.Outbound;

/// <summary>Collects packets for peers into messages and has them sent.</summary>
/// <remarks>
/// <para>Consecutive packets to one peer form a train while each is as long as the first; a shorter one is its last
/// (UDP_SEGMENT, udp(7)). The order of packets never changes.</para>
/// <para>Owned by one thread. What is added is borrowed from the slab until it has been sent.</para>
/// </remarks>
internal sealed class PeerSender : IDisposable
{
    /// <summary>The longest UDP payload in IPv4, in bytes. It bounds a whole train as well.</summary>
    internal const int MaximumMessageBytes = 65_535 - UdpPort.EncapsulationBytes;

    // About a full train of full-size packets. When this much waits it is sent, so that the peer receives while the
    // next train is made.
    private const int BulkBytes = 48 << 10;

    private const int Messages = 64;
    private const int Pieces = 1024;

    private readonly IDatagramPort _port;
    private readonly PeerPaths _paths;
    private readonly SendLimits _limits;
    private readonly SendBatch _batch;
    private readonly MessageSender _messages;

    private PeerPaths.Snapshot _known;
    private bool _isOpen;
    private bool _goesInFragments;
    private Ipv4Address _peer;
    private int _datagrams;
    private int _segmentBytes;
    private int _sealedBytes;
    private int _oldestOffset;

    internal PeerSender(PinnedSlab slab, IDatagramPort port, WorkerCounters counters, WorkerContext context)
    {
        _port = port;
        _paths = context.Paths;
        _limits = context.Options.SendLimits;
        _known = _paths.Current;
        _batch = new SendBatch(slab, Math.Min(Messages, _limits.Messages), Pieces);
        Tap = new TapFollower(context.Taps);
        _messages = new MessageSender(slab, port, counters, context, Tap);
    }

    /// <summary>
    /// Where the oldest packet lies that has not been sent, in bytes from the slab's start; null when all have been.
    /// </summary>
    internal int? OldestOffset => _batch.Count > 0 ? _oldestOffset : null;

    /// <summary>The worker's end of the capture in force.</summary>
    internal TapFollower Tap { get; }

    /// <summary>True when something is known of the path to some peer.</summary>
    internal bool KnowsPaths => !_known.IsEmpty;

    public void Dispose()
    {
        _batch.Dispose();
        _messages.Dispose();
    }

    /// <summary>Begins a batch: takes over what is known of paths now.</summary>
    internal void BeginBatch()
    {
        _known = _paths.Current;
        Tap.Begin();
    }

    /// <summary>What is known of the path to a peer.</summary>
    /// <param name="peer">The outer address.</param>
    internal PeerPath PathTo(Ipv4Address peer) => _known.Find(peer, _paths.Now);

    /// <summary>Adds one packet.</summary>
    /// <param name="peer">The outer address.</param>
    /// <param name="offset">Where it lies, in bytes from the slab's start.</param>
    /// <param name="lengthBytes">20 to 65,507.</param>
    internal void Add(Ipv4Address peer, int offset, int lengthBytes)
    {
        Open(peer, offset, lengthBytes);
        _batch.Add(offset, lengthBytes);
        Close(lengthBytes);
    }

    /// <summary>Adds one packet whose headers lie apart from its payload; offsets as above.</summary>
    internal void Add(Ipv4Address peer, int headerOffset, int headerBytes, int payloadOffset, int payloadBytes)
    {
        Open(peer, payloadOffset, headerBytes + payloadBytes);
        _batch.Add(headerOffset, headerBytes);
        _batch.Add(payloadOffset, payloadBytes);
        Close(headerBytes + payloadBytes);
    }

    /// <summary>Sends everything. Nothing of the slab is borrowed afterwards.</summary>
    internal void Flush()
    {
        Seal();
        Send();
        Tap.Flush();
    }

    // Afterwards the open message takes the packet: it is the one that was open, or a new one.
    private void Open(Ipv4Address peer, int offset, int lengthBytes)
    {
        if (_isOpen)
        {
            int open = _batch.Count - 1;
            if (peer == _peer && lengthBytes <= _segmentBytes && _datagrams < _limits.Datagrams
                && _batch.BytesOf(open) + lengthBytes <= MaximumMessageBytes && _batch.FreePieces >= 2)
            {
                return;
            }

            Seal();
        }

        if (_sealedBytes >= BulkBytes || _batch.IsFull || _batch.FreePieces < 2)
        {
            Send();
        }

        if (_batch.Count == 0)
        {
            _oldestOffset = offset;
        }

        _batch.Begin(peer, _port.Port);
        _isOpen = true;
        _peer = peer;
        _datagrams = 0;
        _segmentBytes = lengthBytes;
        _goesInFragments = false;
        if (!_known.IsEmpty)
        {
            ChooseForm(peer, lengthBytes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Close(int lengthBytes)
    {
        _datagrams++;
        if (lengthBytes < _segmentBytes || _limits.Datagrams == 1)
        {
            Seal();
            if (_goesInFragments || _batch.IsFull)
            {
                Send(_goesInFragments);
            }
        }
    }

    private void Seal()
    {
        if (!_isOpen)
        {
            return;
        }

        _isOpen = false;
        int last = _batch.Count - 1;
        _sealedBytes += _batch.BytesOf(last);

        // Not with one datagram: some kernels of 2024 left the checksum of a train of one unfinished.
        if (_datagrams > 1)
        {
            _batch.MakeTrain(_segmentBytes);
        }
    }

    // Whether the message may become a train. The kernel fragments a datagram that is too long for its path, but not
    // the datagrams of a train.
    private void ChooseForm(Ipv4Address peer, int lengthBytes)
    {
        PeerPath path = PathTo(peer);
        _goesInFragments = lengthBytes > path.InnerMtu;
        if (_goesInFragments || !path.TakesTrains)
        {
            _segmentBytes = int.MaxValue; // the first packet is shorter, so the message ends with it
        }
    }

    // Every message has been sealed.
    private void Send(bool lastInFragments = false)
    {
        _messages.Send(_batch, lastInFragments);
        _batch.Clear();
        _sealedBytes = 0;
        _known = _paths.Current; // what a refusal taught holds from the next message on
    }
}
