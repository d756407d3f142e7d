using System;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Tracing;
using Overlay.Net;
using Xunit;

namespace Overlay.Doctor.Tests;

public sealed class TraceLineTests
{
    [Theory]
    [InlineData(
        "trace id a436e569 inet guard arriving rule icmp type echo-request counter packets 0 bytes 0 drop "
            + "comment \"no\" (verdict drop)",
        "inet guard", "arriving", true)]
    [InlineData("trace id 2488e418 inet guard transit policy drop ", "inet guard", "transit", true)]
    [InlineData("trace id 2488e418 inet guard transit policy accept ", "inet guard", "transit", false)]
    [InlineData(
        "trace id 1 ip filter FORWARD rule ip saddr 10.0.0.0/8 jump KUBE (verdict jump KUBE)", "ip filter", "FORWARD",
        false)]
    public void A_line_tells_where_the_packet_is_and_whether_its_way_ends(
        string text, string table, string chain, bool isDrop)
    {
        TraceLine line = TraceLine.Parse(text)!;

        Assert.Equal((table, chain, isDrop), (line.Table, line.Chain, line.IsDrop));
    }

    [Fact]
    public void An_answer_is_known_by_its_type_and_other_lines_are_passed_over()
    {
        Assert.True(TraceLine.Parse(
            "trace id 2488e418 inet t arriving packet: iif \"lo\" ip protocol icmp icmp type echo-reply icmp id 1 ")!
            .IsAnswer);
        Assert.Null(TraceLine.Parse("# new generation 12 by process 3 (nft)"));
        Assert.Null(TraceLine.Parse(""));
    }

    [Theory]
    [InlineData("127.0.0.1", "not the address of one host")]
    [InlineData("10.244.36.2", "this host's own subnet 10.244.36.0/24")]
    [InlineData("224.0.0.1", "not the address of one host")]
    [InlineData("0.0.0.0", "not the address of one host")]
    [InlineData("10.244.91.2", null)]
    public void Where_no_answer_could_be_seen_none_is_said_to_be_missing(string destination, string? expected)
    {
        var host = new HostFacts(
            daemon: null, store: null, "/nonexistent", network: NetworkFacts.None)
        {
            Given = new OverlayFacts(
                Ipv4Prefix.Parse("10.244.0.0/16"), Ipv4Prefix.Parse("10.244.36.0/24"), null, null, null, null),
        };
        string? reason = TraceRun.WhyNot(host, Ipv4Address.Parse(destination));
        if (expected is null)
        {
            Assert.Null(reason);
        }
        else
        {
            Assert.Contains(expected, reason, StringComparison.Ordinal);
        }
    }
}
