using System;
using System.Buffers;
using BenchmarkDotNet.Attributes;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Outbound;
using Overlay.Router.Packets;
using Overlay.Router.Routes;

namespace Overlay.Micro;

/// <summary>
/// A batch of 32 outbound packets, by where its memory comes from. Each packet gets a buffer, which is filled as
/// read(2) fills it; it is parsed and routed, and its time to live is reduced. All buffers are held until the end of
/// the batch and then given back. Time per packet.
/// </summary>
[MemoryDiagnoser]
public class EncapsulationBenchmarks : IDisposable
{
    // ArrayPool.Shared keeps 32 arrays of one size per processor. With more, this would measure a pool that is empty.
    private const int Batch = 32;
    private const int SlabBytes = 65_536;
    private static readonly Ipv4Address s_peer = Ipv4Address.Parse("172.16.0.2");

    private readonly SlabPool _pool = new(SlabBytes, Batch);
    private readonly PinnedSlab _slab = new(Batch * SlabBytes);
    private readonly IMemoryOwner<byte>?[] _owners = new IMemoryOwner<byte>?[Batch];
    private readonly byte[]?[] _arrays = new byte[]?[Batch];
    private static readonly TunnelEndpoint s_own = new(Ipv4Address.Parse("192.168.0.34"), 8285);

    private readonly RouteTable _routes = RouteTable.Build(
        Ipv4Prefix.Parse("10.0.0.0/16"),
        Ipv4Prefix.Parse("10.0.1.0/24"),
        [new Route(Ipv4Prefix.Parse("10.0.2.0/24"), s_peer)]);

    private byte[] _packet = [];

    [Params(1_472, 65_000)]
    public int PacketBytes { get; set; }

    [GlobalSetup]
    public void Build()
    {
        _packet = SuperpacketFrame.Build(Transport.Udp, 1, PacketBytes - 28).Bytes;
        ((ReadOnlySpan<byte>)[0, 0, 10, 0, 1, 2, 10, 0, 2, 3]).CopyTo(_packet.AsSpan(10));
        InternetChecksumOf(_packet).CopyTo(_packet.AsSpan(10));
        Span<byte> copy = _slab.Slice(0, PacketBytes);
        WrongResult.Unless(Encapsulate(copy) == s_peer.Value, "another next hop");
        WrongResult.Unless(
            copy[8] == _packet[8] - 1 && InternetChecksum.IsValid(copy[..20]), "the time to live and its checksum");
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _pool.Dispose();
        _slab.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>As the workers do it: one slab of their own for all batches. Nothing is rented.</summary>
    [Benchmark(OperationsPerInvoke = Batch, Baseline = true)]
    public long OwnSlab()
    {
        long sum = 0;
        for (int i = 0; i < Batch; i++)
        {
            sum += Encapsulate(_slab.Slice(i * SlabBytes, PacketBytes));
        }

        return Right(sum);
    }

    /// <summary>A slab for each packet from the pool of pinned slabs that the pipelines use.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public long PooledSlabs()
    {
        long sum = 0;
        for (int i = 0; i < Batch; i++)
        {
            IMemoryOwner<byte> owner = _pool.Rent();
            _owners[i] = owner;
            sum += Encapsulate(owner.Memory.Span[..PacketBytes]);
        }

        foreach (IMemoryOwner<byte>? owner in _owners)
        {
            owner!.Dispose();
        }

        return Right(sum);
    }

    /// <summary>An array for each packet from <see cref="ArrayPool{T}.Shared"/>.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public long ArrayPools()
    {
        long sum = 0;
        for (int i = 0; i < Batch; i++)
        {
            byte[] array = ArrayPool<byte>.Shared.Rent(PacketBytes);
            _arrays[i] = array;
            sum += Encapsulate(array.AsSpan(0, PacketBytes));
        }

        foreach (byte[]? array in _arrays)
        {
            ArrayPool<byte>.Shared.Return(array!);
        }

        return Right(sum);
    }

    /// <summary>A new array for each packet, left to the collector.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public long FreshArrays()
    {
        long sum = 0;
        for (int i = 0; i < Batch; i++)
        {
            byte[] array = new byte[PacketBytes];
            _arrays[i] = array;
            sum += Encapsulate(array);
        }

        return Right(sum);
    }

    private uint Encapsulate(Span<byte> buffer)
    {
        _packet.CopyTo(buffer);
        WrongResult.Unless(Ipv4Header.Parse(buffer, out Ipv4Header packet) == DropReason.None, "no IPv4 packet");
        DropReason verdict = OutboundRules.Route(_routes, s_own, packet, out Ipv4Address nextHop);
        WrongResult.Unless(verdict == DropReason.None, "no route");
        packet.StepTimeToLive();
        return nextHop.Value;
    }

    private static long Right(long sum)
    {
        WrongResult.Unless(sum == Batch * (long)s_peer.Value, "another next hop");
        return sum;
    }

    private static byte[] InternetChecksumOf(ReadOnlySpan<byte> packet)
    {
        ushort checksum = InternetChecksum.Compute(packet[..20]);
        return [(byte)(checksum >> 8), (byte)checksum];
    }
}
