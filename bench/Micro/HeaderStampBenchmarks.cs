using System;
using BenchmarkDotNet.Attributes;
using Overlay.Router.Segmentation;

namespace Overlay.Micro;

/// <summary>
/// The header of one segment, with its checksums: time per segment of a superpacket of 46. With 2 bytes of payload it
/// is the header alone; with 1,420 the sum over the payload is in it.
/// </summary>
[MemoryDiagnoser]
public class HeaderStampBenchmarks
{
    private const int Segments = 46;
    private const int HeaderRoom = 128;

    private readonly byte[] _headers = new byte[Segments * HeaderRoom];
    private SuperpacketFrame? _tcp;
    private SuperpacketFrame? _udp;

    [Params(2, 1_420)]
    public int PayloadBytes { get; set; }

    [GlobalSetup]
    public void Build()
    {
        _tcp = SuperpacketFrame.Build(Transport.Tcp, Segments, PayloadBytes);
        _udp = SuperpacketFrame.Build(Transport.Udp, Segments, PayloadBytes);
        foreach (SuperpacketFrame frame in (ReadOnlySpan<SuperpacketFrame>)[_tcp, _udp])
        {
            _ = Stamp(frame);
            Superpacket superpacket = frame.Parse(frame.Bytes);
            for (int i = 0; i < Segments; i++)
            {
                byte[] segment = [.. Header(i)[..superpacket.HeaderBytes], .. frame.Bytes.AsSpan(
                    superpacket.PayloadOffset(i), PayloadBytes)];
                WrongResult.Unless(SuperpacketFrame.HasRightChecksums(segment), $"the checksums of segment {i}");
            }
        }
    }

    /// <summary>The header of TCP copied as it is: the least there can be to it.</summary>
    [Benchmark(OperationsPerInvoke = Segments, Baseline = true)]
    public int Copy()
    {
        ReadOnlySpan<byte> header = _tcp!.Bytes.AsSpan(0, 52);
        for (int i = 0; i < Segments; i++)
        {
            header.CopyTo(Header(i));
        }

        return _headers[^HeaderRoom];
    }

    /// <summary>TCP with timestamps.</summary>
    [Benchmark(OperationsPerInvoke = Segments)]
    public int StampTcp() => Stamp(_tcp!);

    [Benchmark(OperationsPerInvoke = Segments)]
    public int StampUdp() => Stamp(_udp!);

    private int Stamp(SuperpacketFrame frame)
    {
        Superpacket superpacket = frame.Parse(frame.Bytes);
        var headers = new SegmentHeaders(superpacket);
        for (int i = 0; i < superpacket.Count; i++)
        {
            headers.Write(i, Header(i));
        }

        WrongResult.Unless(superpacket.Count == Segments, "segments missing");
        return superpacket.Count;
    }

    private Span<byte> Header(int index) => _headers.AsSpan(index * HeaderRoom, HeaderRoom);
}
