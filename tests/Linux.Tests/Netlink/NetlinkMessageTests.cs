using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Linux.Interop;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Tmds.Linux;
using Xunit;

namespace Overlay.Linux.Tests.Netlink;

/// <summary>The wire format against bytes written by hand (little-endian, as on x86-64 and arm64).</summary>
public sealed class NetlinkMessageTests
{
    private const int Seed = 20_240_817;

    // RTM_NEWLINK of lo: index 1, up and loopback, mtu 65536, queue 1000, kind "tun" for the sake of a nested
    // attribute.
    private static readonly byte[] s_link =
    [
        0x48, 0, 0, 0, 0x10, 0, 0x02, 0, 7, 0, 0, 0, 9, 0, 0, 0,       // 72 bytes, type 16, multi, sequence 7, port 9
        0, 0, 4, 3, 1, 0, 0, 0, 0x09, 0, 0, 0, 0, 0, 0, 0,             // ifinfomsg
        7, 0, 3, 0, (byte)'l', (byte)'o', 0, 0,                        // IFLA_IFNAME, one byte of padding
        8, 0, 4, 0, 0, 0, 1, 0,                                        // IFLA_MTU
        8, 0, 13, 0, 0xE8, 0x03, 0, 0,                                 // IFLA_TXQLEN
        12, 0, 18, 0x80, 8, 0, 1, 0, (byte)'t', (byte)'u', (byte)'n', 0, // IFLA_LINKINFO, nested, IFLA_INFO_KIND
        4, 0, 99, 0,                                                   // an unknown attribute without a value
    ];

    private static readonly byte[] s_address =
    [
        0x30, 0, 0, 0, 0x14, 0, 0x02, 0, 7, 0, 0, 0, 9, 0, 0, 0,       // 48 bytes, type 20
        2, 32, 0x80, 0, 5, 0, 0, 0,                                    // ifaddrmsg
        8, 0, 1, 0, 10, 1, 0, 9,                                       // IFA_ADDRESS
        8, 0, 2, 0, 10, 1, 0, 1,                                       // IFA_LOCAL
        8, 0, 8, 0, 0xA0, 0, 0, 0,                                     // IFA_FLAGS
    ];

    private static readonly byte[] s_route =
    [
        0x3C, 0, 0, 0, 0x18, 0, 0x02, 0, 7, 0, 0, 0, 9, 0, 0, 0,       // 60 bytes, type 24
        2, 16, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0,                         // rtmsg
        8, 0, 15, 0, 254, 0, 0, 0,                                     // RTA_TABLE
        8, 0, 1, 0, 10, 244, 0, 0,                                     // RTA_DST
        8, 0, 5, 0, 192, 168, 0, 1,                                    // RTA_GATEWAY
        8, 0, 4, 0, 3, 0, 0, 0,                                        // RTA_OIF
    ];

    // EINVAL, capped, with the words "no".
    private static readonly byte[] s_error =
    [
        // 44 bytes, NLMSG_ERROR, capped and with attributes
        0x2C, 0, 0, 0, 0x02, 0, 0x00, 0x03, 7, 0, 0, 0, 9, 0, 0, 0,
        0xEA, 0xFF, 0xFF, 0xFF,                                        // -22
        0x80, 0, 0, 0, 0x10, 0, 5, 0, 7, 0, 0, 0, 9, 0, 0, 0,          // header of the refused request of 128 bytes
        7, 0, 1, 0, (byte)'n', (byte)'o', 0, 0,                        // NLMSGERR_ATTR_MSG
    ];

    [Fact]
    public void A_link_is_read()
    {
        Assert.Equal(
            new Link(1, "lo", 65536, 1000, LinkFlags.Up | LinkFlags.Loopback, "tun"),
            Assert.Single(Parse(s_link, RouteMessages.ParseLink)));
    }

    [Fact]
    public void An_address_is_read()
    {
        Assert.Equal(
            new InterfaceAddress(
                5,
                Ipv4Prefix.Parse("10.1.0.1/32"),
                AddressScope.Universe,
                AddressFlags.Permanent | AddressFlags.Deprecated),
            Assert.Single(Parse(s_address, RouteMessages.ParseAddress)));
    }

    [Fact]
    public void A_route_is_read()
    {
        Assert.Equal(
            new Ipv4Route(Ipv4Prefix.Parse("10.244.0.0/16"), Ipv4Address.Parse("192.168.0.1"), 3, 0),
            Assert.Single(Parse(s_route, RouteMessages.ParseMainRoute)));
    }

    [Fact]
    public void An_error_is_read_with_the_words_of_the_kernel()
    {
        Assert.Equal(new NetlinkAnswer(Errno.EINVAL, "no"), Assert.Single(Answers(s_error)));
    }

    [Fact]
    public void An_error_that_quotes_the_request_has_its_words_behind_the_quotation()
    {
        byte[] quoting = new byte[s_error.Length + 8];
        s_error.AsSpan(0, 36).CopyTo(quoting);
        s_error.AsSpan(36).CopyTo(quoting.AsSpan(44));
        quoting[0] = (byte)quoting.Length;
        quoting[7] = 0x02; // attributes, not capped
        quoting[20] = 24;  // the refused request: a header and 8 bytes

        Assert.Equal(new NetlinkAnswer(Errno.EINVAL, "no"), Assert.Single(Answers(quoting)));
    }

    [Fact]
    public void Messages_follow_each_other_and_other_types_are_skipped()
    {
        byte[] datagram = [.. s_link, .. s_route, .. s_link];

        Assert.Equal(2, Parse(datagram, RouteMessages.ParseLink).Count);
        Assert.Single(Parse(datagram, RouteMessages.ParseMainRoute));
    }

    [Fact]
    public void An_empty_datagram_has_no_message()
    {
        Assert.Empty(Parse([], RouteMessages.ParseLink));
    }

    [Fact]
    public void A_message_cut_anywhere_is_malformed()
    {
        foreach (byte[] whole in (byte[][])[s_link, s_address, s_route])
        {
            for (int length = 1; length < whole.Length; length++)
            {
                byte[] cut = whole[..length];
                Assert.Throws<InvalidDataException>(() => ParseEverything(cut));
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(73)]
    [InlineData(uint.MaxValue)]
    [InlineData(0x8000_0000)]
    public void A_message_that_claims_less_than_its_header_or_more_than_there_is_is_malformed(uint claimed)
    {
        byte[] datagram = [.. s_link];
        BitConverter.TryWriteBytes(datagram, claimed);

        Assert.Throws<InvalidDataException>(() => ParseEverything(datagram));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(41)]
    [InlineData(ushort.MaxValue)]
    public void An_attribute_that_claims_less_than_its_header_or_more_than_there_is_is_malformed(ushort claimed)
    {
        byte[] datagram = [.. s_link];
        BitConverter.TryWriteBytes(datagram.AsSpan(32), claimed);

        Assert.Throws<InvalidDataException>(() => ParseEverything(datagram));
    }

    [Fact]
    public void A_prefix_longer_than_32_is_malformed()
    {
        byte[] route = [.. s_route];
        route[17] = 33;

        Assert.Throws<InvalidDataException>(() => ParseEverything(route));
    }

    [Fact]
    public void Of_100_000_mutated_datagrams_none_does_worse_than_malformed()
    {
        var random = new Random(Seed);
        byte[][] originals = [s_link, s_address, s_route, s_error, [.. s_link, .. s_route]];
        int malformed = 0, read = 0;
        for (int round = 0; round < 100_000; round++)
        {
            byte[] original = originals[random.Next(originals.Length)];
            byte[] mutated = original[..(random.Next(4) == 0 ? random.Next(original.Length + 1) : original.Length)];
            for (int i = random.Next(4); i > 0 && mutated.Length > 0; i--)
            {
                mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
            }

            try
            {
                ParseEverything(mutated);
                read++;
            }
            catch (InvalidDataException)
            {
                malformed++;
            }
            catch (Exception problem)
            {
                Assert.Fail($"seed {Seed}, round {round}, {Convert.ToHexString(mutated)}: {problem}");
            }
        }

        Assert.True(
            malformed > 10_000 && read > 10_000, $"{malformed} malformed, {read} read: too one-sided to mean much");
    }

    [Fact]
    public void A_written_request_is_what_the_header_files_say_whatever_the_buffer_held()
    {
        byte[] buffer = new byte[128];
        buffer.AsSpan().Fill(0xDB);

        var writer = new NetlinkMessageWriter(buffer, Native.RTM_NEWLINK, Native.NLM_F_ACK);
        writer.WriteStruct(new ifinfomsg { ifi_index = 0x0102_0304, ifi_flags = 1, ifi_change = 1 });
        writer.WriteStringAttribute(Native.IFLA_IFNAME, "lo");
        writer.WriteAttribute(Native.IFLA_MTU, 1472);
        writer.WriteIpv4Attribute(Native.IFA_LOCAL, Ipv4Address.Parse("10.1.2.3"));
        int outer = writer.BeginNested(Native.IFLA_AF_SPEC);
        int inner = writer.BeginNested((ushort)LibC.AF_INET6);
        writer.WriteAttribute(Native.IFLA_INET6_ADDR_GEN_MODE, [1]);
        writer.EndNested(inner);
        writer.EndNested(outer);

        Assert.Equal(
            [
                0x48, 0, 0, 0, 0x10, 0, 0x05, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 4, 3, 2, 1, 1, 0, 0, 0, 1, 0, 0, 0,
                7, 0, 3, 0, (byte)'l', (byte)'o', 0, 0,
                8, 0, 4, 0, 0xC0, 5, 0, 0,
                8, 0, 2, 0, 10, 1, 2, 3,
                16, 0, 26, 0, 12, 0, 10, 0, 5, 0, 8, 0, 1, 0, 0, 0,
            ],
            writer.Finish().ToArray());
        Assert.All(buffer.Skip(0x48), untouched => Assert.Equal(0xDB, untouched));
    }

    [Fact]
    public void A_buffer_that_is_too_small_is_refused()
    {
        Assert.ThrowsAny<ArgumentException>(() =>
        {
            var writer = new NetlinkMessageWriter(new byte[20], Native.RTM_GETLINK, 0);
            writer.WriteAttribute(Native.IFLA_MTU, 1u);
        });
    }

    private static List<T> Parse<T>(byte[] datagram, NetlinkMessageParser<T> parse)
        where T : class
    {
        List<T> found = [];
        var reader = new NetlinkMessageReader(datagram);
        while (reader.TryRead(out NetlinkMessage message))
        {
            if (parse(message) is { } value)
            {
                found.Add(value);
            }
        }

        return found;
    }

    private static List<NetlinkAnswer> Answers(byte[] datagram)
    {
        List<NetlinkAnswer> answers = [];
        var reader = new NetlinkMessageReader(datagram);
        while (reader.TryRead(out NetlinkMessage message))
        {
            if (message.Header.nlmsg_type is Native.NLMSG_ERROR or Native.NLMSG_DONE)
            {
                answers.Add(NetlinkSocket.ReadAnswer(message));
            }
        }

        return answers;
    }

    private static void ParseEverything(byte[] datagram)
    {
        Parse(datagram, RouteMessages.ParseLink);
        Parse(datagram, RouteMessages.ParseAddress);
        Parse(datagram, RouteMessages.ParseMainRoute);
        Answers(datagram);
    }
}
