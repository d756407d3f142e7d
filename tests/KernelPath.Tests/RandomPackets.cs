using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using Overlay.Net;
using Overlay.Router.Routes;
using Overlay.Testing;

namespace Overlay.KernelPath.Tests;

/// <summary>Route tables, packets and datagrams at random, most of them nearly valid.</summary>
internal sealed class RandomPackets(int seed)
{
    // The kernel runs no program on an IPv4 frame without a whole IPv4 header (net/bpf/test_run.c).
    private const int ShortestRun = 34;

    // Those whose step by a TTL's worth carries, and both zeros of one's complement.
    private static readonly ushort[] s_edgesOfChecksums =
        [0x0000, 0xFFFF, 0xFEFF, 0xFF00, 0xFEFE, 0xFFFE, 0x00FF, 0x0100, 0x0001];

    private static readonly byte[] s_protocols =
        [PacketBuilder.Icmp, PacketBuilder.Tcp, PacketBuilder.Tcp, PacketBuilder.Udp, 132, 253];

    /// <summary>The hosts that can be next hops; the last one has its address inside the network.</summary>
    internal static readonly Ipv4Address[] Hosts =
    [
        Ipv4Address.Parse("192.168.0.99"), Ipv4Address.Parse("192.168.0.72"), Ipv4Address.Parse("192.168.0.51"),
        Ipv4Address.Parse("192.168.0.3"), Ipv4Address.Parse("192.168.0.200"), Ipv4Address.Parse("10.5.7.7"),
    ];

    internal Random Random { get; } = new(seed);

    internal T Pick<T>(IReadOnlyList<T> from) => from[Random.Next(from.Count)];

    /// <summary>The network of all tables.</summary>
    internal static Ipv4Prefix Network { get; } = Ipv4Prefix.Parse("10.5.0.0/16");

    /// <summary>
    /// A table of equal leases, or one with prefixes of every length, nested in each other, in own subnets and around
    /// them, in and outside the network, and some that are no hosts' addresses.
    /// </summary>
    /// <param name="subnetLength">Of the equal leases, 17 to 30, and that around which the others are.</param>
    internal RouteTable NextTable(int subnetLength)
    {
        Ipv4Prefix own = new Ipv4Prefix(Ipv4Address.Parse("10.5.34.0"), subnetLength).Masked();
        if (Random.Next(3) == 0)
        {
            var first = new Ipv4Prefix(Ipv4Address.Parse("10.5.99.0"), subnetLength);
            return RouteTable.Build(Network, own, Hosts.Select((host, index) => new Route(
                new Ipv4Prefix(first.First + ((uint)index << (32 - subnetLength)), subnetLength), host)));
        }

        Ipv4Prefix[] further = Random.Next(2) == 0
            ? []
            : [new(Ipv4Address.Parse("10.5.128.0"), Random.Next(20, 33)), new(Ipv4Address.Parse("10.5.112.0"), 28)];
        var routes = new List<Route>();
        for (int i = Random.Next(1, 30); i > 0; i--)
        {
            Ipv4Address address = Random.Next(8) switch
            {
                0 => new Ipv4Address((uint)Random.NextInt64(1L << 32)),
                1 => AddressIn(own),
                2 => AddressIn(Ipv4Prefix.Parse("10.5.128.0/20")),
                3 when routes.Count > 0 => AddressIn(Pick(routes).Destination),
                _ => AddressIn(Network),
            };
            int length = Random.Next(8) switch
            {
                0 => Random.Next(1, 33),
                1 or 2 => Random.Next(subnetLength, 33),
                _ => Random.Next(17, subnetLength + 1),
            };
            routes.Add(new Route(new Ipv4Prefix(address, length).Masked(), Pick(Hosts)));
        }

        return RouteTable.Build(Network, own, routes, further);
    }

    /// <summary>
    /// Whether all addresses of the subnet around one go the same way, and their route is one of the network's.
    /// </summary>
    internal static bool IsOfOneWay(RouteTable table, Ipv4Address address, int subnetLength)
    {
        Ipv4Prefix part = new Ipv4Prefix(address, subnetLength).Masked();
        Ipv4Prefix[] all = [.. table.Routes.Select(route => route.Destination), .. table.Own];
        return Network.Contains(address)
            && !all.Any(prefix => prefix.Length > subnetLength && part.Contains(prefix))
            && all.Any(prefix => prefix.Length >= Network.Length && prefix.Contains(address));
    }

    /// <summary>An address of a prefix, often the first or the last.</summary>
    internal Ipv4Address AddressIn(Ipv4Prefix prefix) => Random.Next(6) switch
    {
        0 => prefix.First,
        1 => prefix.Last,
        _ => new Ipv4Address(prefix.First.Value | ((uint)Random.NextInt64(1L << 32) & ~prefix.Mask)),
    };

    /// <summary>An address that means something to a table, or one that does not.</summary>
    internal Ipv4Address AnyAddress(RouteTable table) => Random.Next(8) switch
    {
        0 => new Ipv4Address((uint)Random.NextInt64(1L << 32)),
        1 => AddressIn(table.Network),
        2 => Pick(Hosts),
        3 => new Ipv4Address(Pick<uint>([0, 1, 0x7F000001, 0xE0000001, 0xFFFFFFFF, 0xF0000001])),
        4 => AddressIn(Pick(table.Own)),
        _ => table.Routes.Count > 0 ? AddressIn(Pick(table.Routes).Destination) : default,
    };

    /// <summary>A packet without a fault, now and then with options or as a fragment.</summary>
    internal byte[] NextPacket(Ipv4Address source, Ipv4Address destination, int mtu)
    {
        byte[] payload = new byte[Random.Next(8) == 0 ? Random.Next(mtu + 100) : Random.Next(100)];
        Random.NextBytes(payload);
        byte[] packet = PacketBuilder.Ipv4(
            source, destination, (byte)Random.Next(Random.Next(8) == 0 ? 4 : 256), Pick(s_protocols), payload,
            new byte[Random.Next(16) == 0 ? 4 * Random.Next(1, 11) : 0],
            (ushort)Pick<int>([0, 0x4000, 0x4000, 0x2000, Random.Next(65_536)]), (byte)Random.Next(256));
        if (Random.Next(4) == 0)
        {
            Frames.SetChecksum(packet, Pick(s_edgesOfChecksums));
        }

        return packet;
    }

    /// <summary>Changes a header somewhere; in half of the cases, its checksum is right again.</summary>
    internal void MutateHeader(Span<byte> packet)
    {
        if (packet.Length < 20)
        {
            return;
        }

        switch (Random.Next(6))
        {
            case 0:
                packet[Random.Next(20)] ^= (byte)(1 << Random.Next(8));
                break;
            case 1:
                packet[Random.Next(20)] = (byte)Random.Next(256);
                break;
            case 2:
                packet[8] = (byte)Random.Next(3);
                break;
            case 3:
                BinaryPrimitives.WriteUInt16BigEndian(
                    packet[2..], (ushort)(packet.Length + Random.Next(-3, 4)));
                break;
            case 4:
                BinaryPrimitives.WriteUInt16BigEndian(packet[6..], (ushort)Random.Next(65_536));
                break;
            default:
                packet[10 + Random.Next(2)]++;
                return;
        }

        if (Random.Next(2) == 0)
        {
            PacketBuilder.FixHeaderChecksum(packet);
        }
    }

    /// <summary>Changes a frame that was well-formed: bits, headers, lengths, options, what stands behind it.</summary>
    internal byte[] MutateFrame(byte[] frame)
    {
        for (int mutations = Random.Next(1, 4); mutations > 0; mutations--)
        {
            if (frame.Length < Frames.HeaderBytes)
            {
                return frame;
            }

            Span<byte> outer = frame.AsSpan(Frames.EthernetBytes);
            Span<byte> udp = outer[Frames.Ipv4Bytes..];
            switch (Random.Next(9))
            {
                case 0:
                    frame[Random.Next(Math.Min(frame.Length, Frames.HeaderBytes + 20))] ^=
                        (byte)(1 << Random.Next(8));
                    break;
                case 1 or 2:
                    MutateHeader(outer);
                    break;
                case 3 or 4:
                    MutateHeader(udp[8..]);
                    break;
                case 5:
                    udp[Random.Next(8)] = (byte)Random.Next(256);
                    break;
                case 6:
                    Array.Resize(
                        ref frame,
                        Math.Max(ShortestRun, frame.Length + Random.Next(-40, 40)));
                    break;
                case 7:
                    outer[Random.Next(2) == 0 ? 16 : 12] ^= 1;
                    PacketBuilder.FixHeaderChecksum(outer);
                    break;
                default:
                    frame = WithOptions(frame);
                    break;
            }
        }

        return frame;
    }

    // The same datagram behind an outer header with options, everything right.
    private static byte[] WithOptions(byte[] frame)
    {
        byte[] longer = [.. frame[..34], 1, 1, 1, 1, .. frame[34..]];
        Span<byte> outer = longer.AsSpan(Frames.EthernetBytes);
        outer[0] = 0x46;
        BinaryPrimitives.WriteUInt16BigEndian(outer[2..], (ushort)outer.Length);
        PacketBuilder.FixHeaderChecksum(outer);
        return longer;
    }
}
