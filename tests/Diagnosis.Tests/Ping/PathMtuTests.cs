using System.Collections.Generic;
using Overlay.Diagnosis.Ping;
using Xunit;

namespace Overlay.Diagnosis.Tests.Ping;

public sealed class PathMtuTests
{
    [Theory]
    [InlineData(1400, "1400 ok, 1401 lost")]
    [InlineData(1500, "1500 ok, 1501 lost")]
    [InlineData(9000, "9000 ok, 9001 lost")]
    [InlineData(576, "576 ok, 577 lost")]
    [InlineData(575, "not even 576 bytes pass")]
    [InlineData(65_535, "65535 ok")]
    public void The_cliff_is_found_where_longer_packets_vanish(int mtu, string found) =>
        Assert.Equal(found, $"{PathMtu.Find(bytes => bytes <= mtu ? Answered : new EchoAnswer(EchoOutcome.Silence))}");

    [Fact]
    public void A_limit_that_an_icmp_error_names_is_tried_next_and_said()
    {
        List<int> tried = [];
        var found = PathMtu.Find(bytes =>
        {
            tried.Add(bytes);
            return bytes <= 1420 ? Answered : new EchoAnswer(EchoOutcome.IcmpError)
            {
                IcmpType = 3,
                IcmpCode = 4,
                Mtu = 1420,
            };
        });

        Assert.Equal("1420 ok, 1421 lost (ICMP says 1420)", $"{found}");
        Assert.Equal([576, 1500, 1420], tried[..3]);
        Assert.InRange(tried.Count, 4, 12);
    }

    [Fact]
    public void One_that_is_lost_by_chance_is_asked_again()
    {
        int count = 0;
        var found = PathMtu.Find(bytes => ++count % 2 == 1 || bytes > 1500
            ? new EchoAnswer(EchoOutcome.Silence)
            : Answered);

        Assert.Equal(1500, found.Passes);
    }

    private static EchoAnswer Answered => new(EchoOutcome.Answered);
}
