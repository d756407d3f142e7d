using System;
using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;
using Overlay.Linux;
using Overlay.Micro.Budgets;

namespace Overlay.Micro;

/// <summary>One copy of a short packet, a full packet and a superpacket, in the caches and in memory.</summary>
/// <remarks>
/// The place of the next copy is random and depends on what the copy before it has read, so that the processor can
/// neither prefetch it nor begin early. All three take the same steps; only the distance between the places differs.
/// </remarks>
[MemoryDiagnoser]
public class CopyBenchmarks : IDisposable, ILargeWorkingSet
{
    private const int CacheLineBytes = 64;

    private PinnedSlab? _sources;
    private PinnedSlab? _targets;
    private int _strideBytes;
    private uint _sourcePlaces;
    private uint _targetPlaces;
    private ulong _lot = 1;

    [Params(64, 1_472, 65_000)]
    public int Bytes { get; set; }

    /// <inheritdoc/>
    public int WorkingSetBytes { get; set; } = LastLevelCache.FarBeyondBytes;

    [GlobalSetup(Target = nameof(Hot))]
    public void TakeOnePlace() => Take(0, 0);

    [GlobalSetup(Target = nameof(ColdSource))]
    public void TakeManySources() => Take(WorkingSetBytes, 0);

    [GlobalSetup(Target = nameof(Cold))]
    public void TakeManyPlaces() => Take(WorkingSetBytes, WorkingSetBytes);

    [GlobalCleanup]
    public void Dispose()
    {
        _sources?.Dispose();
        _targets?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Both in the caches, as when a packet is copied by the thread that has just read it.</summary>
    [Benchmark(Baseline = true)]
    public ulong Hot() => Copy();

    /// <summary>The source in memory, the target in the caches: what another core wrote long ago.</summary>
    [Benchmark]
    public ulong ColdSource() => Copy();

    /// <summary>Both in memory.</summary>
    [Benchmark]
    public ulong Cold() => Copy();

    private ulong Copy()
    {
        uint lot = (uint)(_lot >> 32);
        Span<byte> source = _sources!.Slice(Place(lot, _sourcePlaces), Bytes);
        Span<byte> target = _targets!.Slice(Place(lot, _targetPlaces), Bytes);
        source.CopyTo(target);

        // Knuth's generator (MMIX), into which a byte that was copied is mixed.
        ulong arrived = BinaryPrimitives.ReadUInt64LittleEndian(target[^8..]);
        _lot = (_lot * 6364136223846793005) + 1442695040888963407 + arrived;
        return arrived;
    }

    private int Place(uint lot, uint places) => (int)(((ulong)lot * places) >> 32) * _strideBytes;

    private void Take(int sourceBytes, int targetBytes)
    {
        _strideBytes = (Bytes + CacheLineBytes - 1) & -CacheLineBytes;
        _sourcePlaces = (uint)Math.Max(1, sourceBytes / _strideBytes);
        _targetPlaces = (uint)Math.Max(1, targetBytes / _strideBytes);
        _sources = new PinnedSlab((int)_sourcePlaces * _strideBytes);
        _targets = new PinnedSlab((int)_targetPlaces * _strideBytes);
        new Random(1).NextBytes(_sources.Slice(0, _sources.LengthBytes));
        _targets.Slice(0, _targets.LengthBytes).Clear(); // its pages are there before the first copy

        int source = Place((uint)(_lot >> 32), _sourcePlaces);
        int target = Place((uint)(_lot >> 32), _targetPlaces);
        _ = Copy();
        WrongResult.Unless(_sources.Slice(source, Bytes).SequenceEqual(_targets.Slice(target, Bytes)), nameof(Copy));
    }
}
