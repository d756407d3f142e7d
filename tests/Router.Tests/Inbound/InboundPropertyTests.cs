using System;
using System.Buffers.Binary;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Inbound;

/// <summary>
/// The decapsulator compared with a slow oracle on more than a million random datagrams.
/// </summary>
public abstract class InboundPropertyTests(RigEngine engine, int datagrams, ITestOutputHelper output)
{
    private static readonly DropReason[] s_possible =
    [
        DropReason.ShortPacket, DropReason.NotIpv4, DropReason.BadHeader, DropReason.BadChecksum,
        DropReason.UnknownPeer, DropReason.MartianSource, DropReason.SpoofedSource, DropReason.NotOurs,
        DropReason.TtlExpired,
    ];

    [Fact]
    public void Random_and_mutated_datagrams_crash_nothing_and_only_valid_packets_are_written()
    {
        int seed = int.TryParse(
            Environment.GetEnvironmentVariable("OVERLAY_SEED"), out int given) ? given : Environment.TickCount;
        output.WriteLine($"seed {seed}: to repeat, OVERLAY_SEED={seed}");
        var random = new Random(seed);
        using var rig = new Rig(engine);
        long written = 0;
        byte[] datagram = [];
        Ipv4Address source = default;
        rig.Tun.OnWrite = packet =>
        {
            written++;
            Assert.True(
                IsValid(datagram, source),
                $"seed {seed}: written, but not valid: {source} {Convert.ToHexString(datagram)}");
            Assert.True(
                IsDelivered(datagram, packet),
                $"seed {seed}: not written as received: {Convert.ToHexString(packet)}");
        };

        long valid = 0;
        for (int i = 0; i < datagrams; i++)
        {
            (datagram, source) = Next(random);
            valid += IsValid(datagram, source) ? 1 : 0;
            rig.Receive((byte[])datagram.Clone(), source);
        }

        output.WriteLine($"{written} of {datagrams} written");
        Assert.Equal(valid, written);
        Assert.Equal(written, rig.Inbound.ForwardedPackets);
        Assert.Equal(datagrams, rig.Inbound.ForwardedPackets + rig.Inbound.Dropped());
        foreach (DropReason reason in s_possible)
        {
            long dropped = rig.Inbound.Dropped(reason);
            Assert.True(dropped > datagrams / 12_000, $"seed {seed}: {reason} was hardly tried: {dropped}");
        }

        Assert.InRange(written, datagrams / 20, datagrams);
    }

    private static (byte[] Datagram, Ipv4Address Source) Next(Random random)
    {
        Ipv4Address outer = random.Next(8) switch
        {
            0 => StrangerAddress,
            1 => OtherPeerAddress,
            2 => AnyAddress(random),
            _ => PeerAddress,
        };
        if (random.Next(10) == 0)
        {
            byte[] noise = new byte[random.Next(0, 80)];
            random.NextBytes(noise);
            return (noise, outer);
        }

        Ipv4Address inner = random.Next(6) switch
        {
            0 => OtherPeerPod,
            1 => OurPod,
            2 => Unleased,
            3 => AnyAddress(random),
            _ => PeerPod,
        };
        Ipv4Address destination = random.Next(6) switch
        {
            0 => PeerPod,
            1 => AnyAddress(random),
            _ => OurPod + (uint)random.Next(200),
        };
        byte[] packet = Ipv4(
            inner, destination, (byte)random.Next(random.Next(4) == 0 ? 3 : 256), (byte)random.Next(256),
            payload: new byte[random.Next(0, 60)],
            options: new byte[4 * random.Next(random.Next(4) == 0 ? 11 : 1)],
            fragment: (ushort)random.Next(65_536), typeOfService: (byte)random.Next(256));

        for (int mutations = random.Next(4); mutations > 0; mutations--)
        {
            switch (random.Next(4))
            {
                case 0:
                    packet[random.Next(packet.Length)] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    packet[random.Next(Math.Min(packet.Length, 20))] = (byte)random.Next(256);
                    break;
                case 2:
                    Array.Resize(ref packet, random.Next(1, packet.Length + 10));
                    break;
                default:
                    if (packet.Length >= 20)
                    {
                        FixHeaderChecksum(packet);
                    }

                    break;
            }
        }

        return (packet, outer);
    }

    private static Ipv4Address AnyAddress(Random random) => new((uint)random.NextInt64(1L << 32));

    // The rules once more, from the RFC: it shares neither code nor the order of its checks with the product.
    private static bool IsValid(byte[] datagram, Ipv4Address outer)
    {
        if (datagram.Length < 20)
        {
            return false;
        }

        int header = (datagram[0] & 15) * 4;
        int total = (datagram[2] << 8) + datagram[3];
        bool shape = datagram[0] >> 4 == 4 && header >= 20 && header <= total && total <= datagram.Length;
        if (!shape)
        {
            return false;
        }

        int sum = 0;
        for (int i = 0; i < header; i += 2)
        {
            sum += (datagram[i] << 8) + datagram[i + 1];
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        uint inner = BinaryPrimitives.ReadUInt32BigEndian(datagram.AsSpan(12));
        uint destination = BinaryPrimitives.ReadUInt32BigEndian(datagram.AsSpan(16));
        uint? peerSubnet = outer == PeerAddress
            ? 0x0A056300
            : outer == OtherPeerAddress ? 0x0A054800 : null;
        bool mayCome = peerSubnet is uint subnet && (inner >> 16 != 0x0A05 || inner >> 8 == subnet >> 8);
        return sum == 0xFFFF
            && datagram[12] is not (0 or 127 or (>= 224 and < 240))
            && inner != uint.MaxValue
            && mayCome
            && destination >> 8 == 0x0A0522
            && datagram[8] > 1;
    }

    private static bool IsDelivered(byte[] datagram, ReadOnlySpan<byte> written)
    {
        int total = (datagram[2] << 8) + datagram[3];
        int header = (datagram[0] & 15) * 4;
        return written.Length == total
            && written[..8].SequenceEqual(datagram.AsSpan(0, 8))
            && written[8] == datagram[8] - 1
            && written[9] == datagram[9]
            && written[12..].SequenceEqual(datagram.AsSpan(12, total - 12))
            && InternetChecksum.IsValid(written[..header]);
    }
}

public sealed class OffloadInboundPropertyTests(ITestOutputHelper output)
    : InboundPropertyTests(RigEngine.Offload, 1_200_000, output);

public sealed class PipelineInboundPropertyTests(ITestOutputHelper output)
    : InboundPropertyTests(RigEngine.Pipeline, 200_000, output);

public sealed class BatchInboundPropertyTests(ITestOutputHelper output)
    : InboundPropertyTests(RigEngine.Batch, 200_000, output);

public sealed class ClassicInboundPropertyTests(ITestOutputHelper output)
    : InboundPropertyTests(RigEngine.Classic, 200_000, output);
