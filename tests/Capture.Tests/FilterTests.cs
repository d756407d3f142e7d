using System;
using System.Linq;
using Overlay.Capture.Filters;
using Overlay.Capture.Packets;
using Overlay.Net;
using Overlay.Testing;
using Xunit;

namespace Overlay.Capture.Tests;

public sealed class FilterTests
{
    // ping: 10.244.1.14 > 10.244.0.6 in udp 8285 of 172.16.0.5 > 172.16.0.4; pong: its answer; vxlan: 10.244.1.5 >
    // 10.244.0.5 in VXLAN of the same hosts.
    private static readonly (string Name, DecodedPacket Packet)[] s_packets =
    [
        ("ping", Ethernet(SeedFrames.Frame59())),
        ("pong", Ethernet(SeedFrames.Frame60())),
        ("vxlan", Ethernet(SeedFrames.Frame7())),
        ("web", Raw(PacketBuilder.TcpPacket(
            Address("10.0.0.1"), Address("10.0.0.2"), 40000, 80, 1, 0, 0x02, []))),
        ("dns", Raw(PacketBuilder.UdpPacket(Address("10.0.0.2"), Address("10.0.0.53"), 5353, 53, [1, 2, 3]))),
        ("later", Raw(PacketBuilder.Ipv4(
            Address("10.0.0.1"), Address("10.0.0.2"), protocol: PacketBuilder.Udp, fragment: 0x00b9))),
        ("arp", Ethernet(SamplePackets.ArpRequest("10.0.0.1", "10.0.0.2"))),
        ("six", Raw(SamplePackets.UdpOverIpv6("fc00::1", "fc00:1::2", 546, 547))),
    ];

    [Theory]
    [InlineData("", "ping pong vxlan web dns later arp six")]
    [InlineData("ip", "ping pong vxlan web dns later")]
    [InlineData("ip6", "six")]
    [InlineData("arp", "arp")]
    [InlineData("icmp", "ping pong vxlan")]
    [InlineData("tcp", "web")]
    [InlineData("udp", "ping pong vxlan dns later six")]
    [InlineData("host 10.244.1.14", "ping pong")]
    [InlineData("10.244.1.14", "ping pong")]
    [InlineData("src host 10.244.1.14", "ping")]
    [InlineData("dst 10.244.1.14", "pong")]
    [InlineData("src or dst host 10.244.1.14", "ping pong")]
    [InlineData("src and dst net 10.244.0.0/16", "ping pong vxlan")]
    [InlineData("host 172.16.0.4", "ping pong vxlan")]
    [InlineData("inner host 172.16.0.4", "")]
    [InlineData("outer host 10.244.1.14", "")]
    [InlineData("outer src 172.16.0.4 and inner dst 10.244.1.14", "pong")]
    [InlineData("outer icmp", "")]
    [InlineData("inner icmp", "ping pong vxlan")]
    [InlineData("inner udp", "")]
    [InlineData("not inner icmp", "web dns later arp six")]
    [InlineData("not host 10.244.1.14 and icmp", "vxlan")]
    [InlineData("! host 10.244.1.14 && icmp", "vxlan")]
    [InlineData("net 10.244", "ping pong vxlan")]
    [InlineData("net 10.244.1.0/24", "ping pong vxlan")]
    [InlineData("src net 10.244.1.0 mask 255.255.255.0", "ping vxlan")]
    [InlineData("10.244.1.0/28", "ping pong vxlan")]
    [InlineData("net 10.244.1.8/29", "ping pong")]
    [InlineData("net 0.0.0.0/0", "ping pong vxlan web dns later arp")]
    [InlineData("net ::/0", "six")]
    [InlineData("net fc00::/64", "six")]
    [InlineData("host fc00:1::2", "six")]
    [InlineData("src fc00:1::2", "")]
    [InlineData("host 10.0.0.1", "web later arp")]
    [InlineData("ip host 10.0.0.1", "web later")]
    [InlineData("arp host 10.0.0.1", "arp")]
    [InlineData("arp dst host 10.0.0.2", "arp")]
    [InlineData("port 8285", "ping pong")]
    [InlineData("port 80", "web")]
    [InlineData("tcp port 80", "web")]
    [InlineData("udp port 80", "")]
    [InlineData("src port 80", "")]
    [InlineData("dst port 80 or 53", "web dns")]
    [InlineData("udp dst port 80 or 53", "dns")]
    [InlineData("portrange 50-100", "web dns")]
    [InlineData("portrange 546-546", "six")]
    [InlineData("port 0", "")]
    [InlineData("host 10.0.0.53 or 10.244.1.5", "vxlan dns")]
    [InlineData("host (10.0.0.53 or 10.244.1.5)", "vxlan dns")]
    [InlineData("inner host (172.16.0.4 or 10.244.1.5)", "vxlan")]
    [InlineData("host 10.0.0.1 and not (tcp or arp)", "later")]
    [InlineData("arp or tcp and host 10.0.0.2", "web arp")]
    [InlineData("tcp or udp and port 53", "dns")]
    [InlineData("tcp or (udp and port 53)", "web dns")]
    [InlineData("tcp||udp&&port 53", "dns")]
    [InlineData("ip proto 17", "ping pong vxlan dns later")]
    [InlineData("proto \\tcp", "web")]
    [InlineData("not not not arp", "ping pong vxlan web dns later six")]
    public void It_takes_the_packets_that_tcpdump_would_inside_and_outside(string filter, string expected)
    {
        var compiled = PacketFilter.Compile(filter);
        Assert.Equal(
            expected.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            s_packets.Where(each => compiled.Matches(each.Packet)).Select(each => each.Name));
    }

    [Theory]
    [InlineData("hst 10.0.0.1", 1, "'hst' is not understood")]
    [InlineData("host", 5, "something is missing at the end; give an address")]
    [InlineData("host and tcp", 6, "'and' stands where a value is missing; give an address")]
    [InlineData("tcp and", 8, "something is missing at the end")]
    [InlineData("and tcp", 1, "'and' stands where a primitive is missing")]
    [InlineData("tcp udp", 5, "'udp' follows without a word between")]
    [InlineData("(tcp or udp", 1, "this '(' is not closed; add ')'")]
    [InlineData("tcp)", 4, "')' closes nothing")]
    [InlineData("()", 2, "')' stands where a primitive is missing")]
    [InlineData("host web-1", 6, "names are not looked up")]
    [InlineData("host 10.0.0.0/8", 6, "write net before it")]
    [InlineData("net 10.0.0.1/8", 5, "has bits behind its prefix")]
    [InlineData("net 10.0.0.0/33", 5, "has no prefix length of 0 to 32")]
    [InlineData("net 10.0.0.0 mask x", 5, "the mask 'x' is no address")]
    [InlineData("port http", 6, "names are not looked up; give a number of 0 to 65535")]
    [InlineData("port 65536", 6, "give a number of 0 to 65535")]
    [InlineData("portrange 9-1", 11, "is no port")]
    [InlineData("80", 1, "write port before it")]
    [InlineData("icmp port 80", 11, "'icmp' and 'port 80' do not go together")]
    [InlineData("tcp host 10.0.0.1", 10, "write tcp and host 10.0.0.1")]
    [InlineData("tcp host 10.0.0.1 port 80", 10, "do not go together")]
    [InlineData("host 10.0.0.1 port 80", 15, "follows without a word between")]
    [InlineData("proto 256", 7, "is no protocol")]
    [InlineData("tcp & udp", 5, "'&' is not understood")]
    [InlineData("src tcp", 5, "'tcp' stands where a value is missing; give an address")]
    [InlineData("inner", 6, "something is missing at the end")]
    public void A_wrong_filter_is_refused_with_its_place_and_the_remedy(string filter, int position, string says)
    {
        FilterSyntaxException refusal = Assert.Throws<FilterSyntaxException>(() => PacketFilter.Compile(filter));
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(position, refusal.Position);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public void Ten_thousand_brackets_are_refused_and_no_stack_overflows()
    {
        Assert.Throws<FilterSyntaxException>(() => PacketFilter.Compile(new string('(', 10_000)));
        Assert.Throws<FilterSyntaxException>(() => PacketFilter.Compile(new string('!', 10_000) + "tcp"));
    }

    [Fact]
    public void Random_words_are_refused_in_one_line_or_compiled()
    {
        const int Seed = 20261128;
        var random = new Random(Seed);
        string[] words =
        [
            "host", "net", "port", "portrange", "proto", "src", "dst", "inner", "outer", "ip", "ip6", "arp", "icmp",
            "udp", "tcp", "and", "or", "not", "(", ")", "10.0.0.1", "10.0.0.0/8", "80", "1-9", "fc00::1", "mask", "&",
            "!", "||", "\0", "é",
        ];
        int compiled = 0;
        for (int round = 0; round < 20_000; round++)
        {
            string filter = string.Join(' ', random.GetItems(words, random.Next(8)));
            try
            {
                _ = PacketFilter.Compile(filter).Matches(s_packets[0].Packet);
                compiled++;
            }
            catch (FilterSyntaxException refusal)
            {
                Assert.InRange(refusal.Position, 1, filter.Length + 1);
            }
        }

        Assert.True(compiled > 100, $"{compiled} of 20000, seed {Seed}");
    }

    [Fact]
    public void Bytes_and_ends_are_judged_as_the_decoded_packet_is_and_nothing_is_allocated()
    {
        byte[] inner = SeedFrames.Frame59()[SeedFrames.UdpEnd..];
        var outer = HeaderFacts.OfDatagram(Address("172.16.0.5"), 8285, Address("172.16.0.4"), 8285);
        PacketFilter[] filters = [.. new[]
        {
            "icmp", "tcp", "host 10.244.1.14 and udp port 8285", "outer icmp", "inner src net 10.244.1.0/24",
            "inner host 172.16.0.4", "not (tcp or arp)",
        }.Select(PacketFilter.Compile)];
        DecodedPacket decoded = s_packets[0].Packet;
        bool[] expected = [true, false, true, false, true, false, true];
        Assert.Equal(expected, filters.Select(filter => filter.Matches(decoded)));
        Assert.Equal(expected, filters.Select(filter => filter.Matches(
            new FilterSubject(outer, HeaderFacts.OfIpv4(inner)))));

        int count = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 1000; round++)
        {
            foreach (PacketFilter filter in filters)
            {
                count += filter.Matches(new FilterSubject(outer, HeaderFacts.OfIpv4(inner))) ? 1 : 0;
                count += filter.Matches(decoded) ? 1 : 0;
            }
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(8000, count);
    }

    private static DecodedPacket Ethernet(byte[] frame) =>
        new PacketDecoder().Decode(LinkType.Ethernet, frame, frame.Length);

    private static DecodedPacket Raw(byte[] packet) => new PacketDecoder().Decode(LinkType.Raw, packet, packet.Length);

    private static Ipv4Address Address(string text) => Ipv4Address.Parse(text);
}
