using Overlay.Doctor.Tracing;
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
}
