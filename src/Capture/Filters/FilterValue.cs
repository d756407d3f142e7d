using System;
using System.Globalization;
using System.Linq;
using Overlay.Capture.Packets;
using Overlay.Net;

namespace Overlay.Capture.Filters;

/// <summary>Makes tests of the values in a filter.</summary>
internal static class FilterValue
{
    private const int MostParts = 4;

    /// <summary>Whether a word names a protocol.</summary>
    internal static bool IsProtocol(string word) =>
        word is "ip" or "ip6" or "arp" or "icmp" or "icmp6" or "udp" or "tcp";

    /// <summary>The test for a protocol alone.</summary>
    /// <param name="name">One that <see cref="IsProtocol"/> has accepted.</param>
    internal static HeaderTest Protocol(string name)
    {
        var test = new HeaderTest { Kind = FilterKind.Protocol };
        return name switch
        {
            "ip" => test with { EtherType = EtherTypes.Ipv4 },
            "ip6" => test with { EtherType = EtherTypes.Ipv6 },
            "arp" => test with { EtherType = EtherTypes.Arp },
            "icmp" => test with { EtherType = EtherTypes.Ipv4, Protocol = IpProtocols.Icmp },
            "icmp6" => test with { EtherType = EtherTypes.Ipv6, Protocol = IpProtocols.Icmp6 },
            "udp" => test with { Protocol = IpProtocols.Udp },
            _ => test with { Protocol = IpProtocols.Tcp },
        };
    }

    /// <summary>The test for a value behind its qualifiers.</summary>
    /// <param name="qualifiers">What is before it.</param>
    /// <param name="value">The value.</param>
    /// <param name="mask">What is behind <c>mask</c>, of a net; null where nothing is.</param>
    /// <exception cref="FilterSyntaxException">The value does not go with them.</exception>
    internal static HeaderTest Test(in FilterQualifiers qualifiers, FilterToken value, string? mask)
    {
        HeaderTest test = qualifiers.Type switch
        {
            "port" => OfPorts(value, value.Text, value.Text),
            "portrange" => OfRange(value),
            "proto" => OfProtocolNumber(value),
            "net" => OfNet(value, mask),
            "host" => OfHost(value),
            _ => value.Text.Contains('/') ? OfNet(value, null) : OfHost(value),
        };
        test = test with { Direction = qualifiers.Direction };
        return qualifiers.Protocol is { } protocol ? With(test, protocol, qualifiers, value) : test;
    }

    private static HeaderTest With(HeaderTest test, string protocol, in FilterQualifiers qualifiers, FilterToken value)
    {
        HeaderTest bare = Protocol(protocol);
        bool isNetwork = bare.Protocol < 0;
        string type = qualifiers.Type ?? "host";
        bool goes = type switch
        {
            "port" or "portrange" => protocol is "udp" or "tcp",
            "proto" => protocol is "ip" or "ip6",
            _ => isNetwork && test.IsIpv6 == (protocol == "ip6"),
        };
        return goes
            ? test with { EtherType = bare.EtherType, Protocol = isNetwork ? test.Protocol : bare.Protocol }
            : throw new FilterSyntaxException(
                $"'{protocol}' and '{type} {value.Text}' do not go together; write {protocol} and {type} {value.Text}",
                value.Position);
    }

    private static HeaderTest OfHost(FilterToken value)
    {
        if (Ipv4Address.TryParse(value.Text, out Ipv4Address address))
        {
            return new HeaderTest { Kind = FilterKind.Address, Address = address.Value, Mask = uint.MaxValue };
        }

        if (Ipv6Address.TryParse(value.Text, out Ipv6Address address6))
        {
            return new HeaderTest
            {
                Kind = FilterKind.Address, Address = address6.Value, Mask = UInt128.MaxValue, IsIpv6 = true,
            };
        }

        throw new FilterSyntaxException(
            value.Text.Contains('/') ? $"'{value.Text}' is no host; write net before it"
            : value.Text.All(char.IsAsciiDigit) ? $"'{value.Text}' is no address; write port before it if it is one"
            : value.Text.AsSpan().ContainsAny(".:-")
                ? $"'{value.Text}' is no address, and names are not looked up; give one such as 10.244.1.5"
                : FilterParser.Unknown(value.Text),
            value.Position);
    }

    private static HeaderTest OfNet(FilterToken value, string? mask)
    {
        string[] halves = value.Text.Split('/');
        if (halves.Length <= 2 && mask is null && Ipv6Address.TryParse(halves[0], out Ipv6Address address6))
        {
            int length = Length(halves, 128, value);
            UInt128 mask6 = length == 0 ? 0 : UInt128.MaxValue << (128 - length);
            return Net(address6.Value, mask6, UInt128.MaxValue, value) with { IsIpv6 = true };
        }

        // 10.244 is 10.244.0.0/16: what is left out counts as zeros that do not matter.
        string[] parts = halves[0].Split('.');
        string whole = halves[0] + string.Concat(Enumerable.Repeat(".0", Math.Max(MostParts - parts.Length, 0)));
        if (halves.Length > 2 || (mask is not null && halves.Length > 1)
            || !Ipv4Address.TryParse(whole, out Ipv4Address address))
        {
            throw new FilterSyntaxException(
                $"'{value.Text}' is no net; give one such as 10.244.1.0/24", value.Position);
        }

        if (mask is not null)
        {
            return Ipv4Address.TryParse(mask, out Ipv4Address bits)
                ? Net(address.Value, bits.Value, uint.MaxValue, value)
                : throw new FilterSyntaxException(
                    $"the mask '{mask}' is no address; give one such as 255.255.255.0", value.Position);
        }

        return Net(
            address.Value, Ipv4Prefix.MaskOf(halves.Length == 2 ? Length(halves, 32, value) : 8 * parts.Length),
            uint.MaxValue, value);
    }

    private static HeaderTest Net(UInt128 address, UInt128 mask, UInt128 all, FilterToken value) =>
        (address & ~mask & all) == 0
            ? new HeaderTest { Kind = FilterKind.Address, Address = address, Mask = mask }
            : throw new FilterSyntaxException(
                $"'{value.Text}' has bits behind its prefix; make them 0, or write host without a length",
                value.Position);

    private static int Length(string[] halves, int longest, FilterToken value) => halves.Length == 1 ? longest
        : int.TryParse(halves[1], NumberStyles.None, CultureInfo.InvariantCulture, out int length) && length <= longest
            ? length
            : throw new FilterSyntaxException(
                $"'{value.Text}' has no prefix length of 0 to {longest}; give one", value.Position);

    private static HeaderTest OfRange(FilterToken value)
    {
        string[] ends = value.Text.Split('-');
        return ends.Length == 2
            ? OfPorts(value, ends[0], ends[1])
            : throw new FilterSyntaxException(
                $"'{value.Text}' is no range of ports; give one such as 8000-8100", value.Position);
    }

    private static HeaderTest OfPorts(FilterToken value, string lowest, string highest) =>
        Port(lowest) is { } from && Port(highest) is { } to && from <= to
            ? new HeaderTest { Kind = FilterKind.Port, LowestPort = from, HighestPort = to }
            : throw new FilterSyntaxException(
                $"'{value.Text}' is no port, and names are not looked up; give a number of 0 to 65535",
                value.Position);

    private static ushort? Port(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) ? port : null;

    private static HeaderTest OfProtocolNumber(FilterToken value)
    {
        string name = value.Text.TrimStart('\\'); // tcpdump needs it before names that are words of its own
        if (name is "icmp" or "udp" or "tcp")
        {
            return Protocol(name) with { EtherType = 0 };
        }

        return byte.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out byte number)
            ? new HeaderTest { Kind = FilterKind.Protocol, Protocol = number }
            : throw new FilterSyntaxException(
                $"'{value.Text}' is no protocol; give icmp, udp, tcp or a number of 0 to 255", value.Position);
    }
}
