using System;
using BenchmarkDotNet.Attributes;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Outbound;
using Overlay.Router.Segmentation;

namespace Overlay.Micro;

/// <summary>
/// A superpacket of 64 KB becomes 46 datagrams of up to 1,472 bytes: it is parsed and summed, gets a header for each,
/// and is put into a batch of trains for sendmmsg(2), without the system call. All three make the same datagrams; only
/// how often a payload is copied differs. The memory is in the second-level cache, as it is when a superpacket has just
/// been read.
/// </summary>
[MemoryDiagnoser]
public class SegmentationBenchmarks : IDisposable
{
    private const int SegmentBytes = 1_420;
    private const int Segments = 46;
    private static readonly Ipv4Address s_peer = Ipv4Address.Parse("10.0.0.1");

    private const int HeaderRoom = 64;
    private const int PacketRoom = 1_472 + 64;

    // In the slab: the superpacket, headers, single packets, trains in one piece.
    private const int Headers = 64 << 10;
    private const int Packets = Headers + (Segments * HeaderRoom);
    private const int Images = Packets + (Segments * PacketRoom);

    private readonly PinnedSlab _slab = new(Images + (Segments * PacketRoom));
    private readonly SendBatch _batch;
    private SuperpacketFrame? _frame;

    public SegmentationBenchmarks() => _batch = new SendBatch(_slab, messages: 4, pieces: 1024);

    [Params(Transport.Tcp, Transport.Udp)]
    public Transport Transport { get; set; }

    [GlobalSetup]
    public void Build()
    {
        _frame = SuperpacketFrame.Build(Transport, Segments, SegmentBytes);
        _frame.Bytes.CopyTo(_slab.Slice(0, _frame.Bytes.Length));
        _ = ScatterGather();
        byte[] right = Datagrams();
        int segmentBytes = _batch.SegmentBytesOf(0);
        for (int i = 0; i < Segments; i++)
        {
            WrongResult.Unless(SuperpacketFrame.HasRightChecksums(
                right.AsSpan(i * segmentBytes, segmentBytes)), $"the checksums of segment {i}");
        }

        foreach (Func<int> way in (ReadOnlySpan<Func<int>>)[OneCopy, TwoCopies])
        {
            _slab.Slice(Headers, _slab.LengthBytes - Headers).Clear();
            _ = way();
            WrongResult.Unless(Datagrams().AsSpan().SequenceEqual(right), way.Method.Name);
        }
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _batch.Dispose();
        _slab.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// As the data path does it: a header in the scratch and the payload where it was read, two pieces per datagram.
    /// </summary>
    [Benchmark(Baseline = true)]
    public int ScatterGather()
    {
        Superpacket superpacket = Begin();
        var headers = new SegmentHeaders(superpacket);
        for (int i = 0; i < superpacket.Count; i++)
        {
            int header = Headers + (i * HeaderRoom);
            headers.Write(i, _slab.Slice(header, superpacket.HeaderBytes));
            Open(superpacket.HeaderBytes + superpacket.PayloadBytes(i));
            _batch.Add(header, superpacket.HeaderBytes);
            _batch.Add(superpacket.PayloadOffset(i), superpacket.PayloadBytes(i));
        }

        return Finish(superpacket);
    }

    /// <summary>Headers and payloads copied one behind the other: a train is one piece.</summary>
    [Benchmark]
    public int OneCopy()
    {
        Superpacket superpacket = Begin();
        var headers = new SegmentHeaders(superpacket);
        int end = Images;
        int start = end;
        for (int i = 0; i < superpacket.Count; i++)
        {
            int bytes = superpacket.HeaderBytes + superpacket.PayloadBytes(i);
            if (end - start + bytes > PeerSender.MaximumMessageBytes)
            {
                AddTrain(start, end, superpacket.LongestPacketBytes);
                start = end;
            }

            WritePacket(superpacket, headers, i, _slab.Slice(end, bytes));
            end += bytes;
        }

        AddTrain(start, end, superpacket.LongestPacketBytes);
        return Finish(superpacket);
    }

    /// <summary>
    /// Each packet copied into a buffer of its own, as for a stage that takes single packets, and from there into a
    /// train.
    /// </summary>
    [Benchmark]
    public int TwoCopies()
    {
        Superpacket superpacket = Begin();
        var headers = new SegmentHeaders(superpacket);
        for (int i = 0; i < superpacket.Count; i++)
        {
            int bytes = superpacket.HeaderBytes + superpacket.PayloadBytes(i);
            WritePacket(superpacket, headers, i, _slab.Slice(Packets + (i * PacketRoom), bytes));
        }

        int end = Images;
        int start = end;
        for (int i = 0; i < superpacket.Count; i++)
        {
            int bytes = superpacket.HeaderBytes + superpacket.PayloadBytes(i);
            if (end - start + bytes > PeerSender.MaximumMessageBytes)
            {
                AddTrain(start, end, superpacket.LongestPacketBytes);
                start = end;
            }

            _slab.Slice(Packets + (i * PacketRoom), bytes).CopyTo(_slab.Slice(end, bytes));
            end += bytes;
        }

        AddTrain(start, end, superpacket.LongestPacketBytes);
        return Finish(superpacket);
    }

    private Superpacket Begin()
    {
        _batch.Clear();
        return _frame!.Parse(_slab.Slice(0, _frame.Bytes.Length));
    }

    private void WritePacket(
        in Superpacket superpacket, in SegmentHeaders headers, int index, Span<byte> packet)
    {
        headers.Write(index, packet);
        _slab.Slice(superpacket.PayloadOffset(index), superpacket.PayloadBytes(index))
            .CopyTo(packet[superpacket.HeaderBytes..]);
    }

    // A datagram joins the open train, or begins one when that would get too long for one message.
    private void Open(int datagramBytes)
    {
        if (_batch.Count == 0)
        {
            _batch.Begin(s_peer, 8285);
        }
        else if (_batch.BytesOf(_batch.Count - 1) + datagramBytes > PeerSender.MaximumMessageBytes)
        {
            _batch.MakeTrain(datagramBytes);
            _batch.Begin(s_peer, 8285);
        }
    }

    private void AddTrain(int start, int end, int datagramBytes)
    {
        _batch.Begin(s_peer, 8285);
        _batch.Add(start, end - start);
        _batch.MakeTrain(datagramBytes);
    }

    private int Finish(in Superpacket superpacket)
    {
        _batch.MakeTrain(superpacket.LongestPacketBytes);
        int datagrams = 0;
        for (int i = 0; i < _batch.Count; i++)
        {
            datagrams += _batch.DatagramsOf(i);
        }

        WrongResult.Unless(datagrams == Segments, "datagrams missing");
        return datagrams;
    }

    private byte[] Datagrams()
    {
        byte[] all = new byte[Segments * PacketRoom];
        int bytes = 0;
        for (int i = 0; i < _batch.Count; i++)
        {
            _batch.CopyTo(i, all.AsSpan(bytes));
            bytes += _batch.BytesOf(i);
        }

        return all[..bytes];
    }
}
