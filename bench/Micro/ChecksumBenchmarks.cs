using System;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Overlay.Router.Packets;

namespace Overlay.Micro;

/// <summary>
/// One sum over a header without options, a short packet, a full packet and a superpacket: as the data path does it,
/// and for comparison with each width of vector and with the scalar loop. The bytes begin in the middle of a cache
/// line, as a payload does.
/// </summary>
[MemoryDiagnoser]
public class ChecksumBenchmarks
{
    private readonly byte[] _buffer = new byte[64 + 65_000];

    [Params(20, 64, 1_472, 65_000)]
    public int Length { get; set; }

    /// <summary>Random bytes whose sum is right, so that all loops must give the same answer.</summary>
    [GlobalSetup]
    public void Fill()
    {
        new Random(1).NextBytes(_buffer);
        Span<byte> bytes = _buffer.AsSpan(40, Length);
        bytes[..2].Clear();
        uint sum = 0;
        foreach (ushort word in MemoryMarshal.Cast<byte, ushort>(bytes))
        {
            sum += word;
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        MemoryMarshal.Write(bytes, (ushort)~sum);
        WrongResult.Unless(IsValid(), nameof(IsValid));
        foreach (Func<ulong> way in (ReadOnlySpan<Func<ulong>>)[Words, Vectors128, Vectors256, Vectors512])
        {
            WrongResult.Unless(InternetChecksum.Fold(way()) == 0xFFFF, way.Method.Name);
        }
    }

    [Benchmark(Baseline = true)]
    public ulong Words() => OnesComplementSum.AddWords(Bytes(), 0);

    [Benchmark]
    public ulong Vectors128() => OnesComplementSum.AddVector128(Bytes(), 0);

    [Benchmark]
    public ulong Vectors256() => OnesComplementSum.AddVector256(Bytes(), 0);

    [Benchmark]
    public ulong Vectors512() => OnesComplementSum.AddVector512(Bytes(), 0);

    /// <summary>The choice of the loop and the folding included.</summary>
    [Benchmark]
    public bool IsValid() => InternetChecksum.IsValid(Bytes());

    private ReadOnlySpan<byte> Bytes() => _buffer.AsSpan(40, Length);
}
