using Overlay.Net;
using Overlay.Router.IcmpErrors;
using Xunit;

namespace Overlay.Router.Tests.IcmpErrors;

public sealed class IcmpRateLimitTests
{
    private static readonly Ipv4Address s_host = Ipv4Address.Parse("10.5.34.2");
    private static readonly Ipv4Address s_other = Ipv4Address.Parse("10.6.0.0");

    [Fact]
    public void One_host_gets_a_burst_of_six_and_then_one_a_second()
    {
        var limit = new IcmpRateLimit();
        for (int i = 0; i < 6; i++)
        {
            Assert.True(limit.TryTake(s_host, 10_000));
        }

        Assert.False(limit.TryTake(s_host, 10_000));
        Assert.False(limit.TryTake(s_host, 10_999));
        Assert.True(limit.TryTake(s_host, 11_000));
        Assert.False(limit.TryTake(s_host, 11_000));
    }

    [Fact]
    public void All_hosts_together_get_a_burst_of_fifty_and_then_one_a_millisecond()
    {
        var limit = new IcmpRateLimit();
        int taken = 0;
        for (uint host = 0; host < 200; host++)
        {
            taken += limit.TryTake(s_host + host, 10_000) ? 1 : 0;
        }

        Assert.Equal(50, taken);
        for (uint host = 0; host < 200; host++)
        {
            taken += limit.TryTake(s_other + host, 10_005) ? 1 : 0;
        }

        Assert.Equal(55, taken);
    }

    [Fact]
    public void One_host_gets_path_MTUs_as_often_as_all_and_they_have_a_share_of_their_own()
    {
        var limit = new IcmpRateLimit();
        for (uint host = 0; limit.TryTake(s_host + host, 10_000); host++)
        {
        }

        int told = 0;
        while (limit.TryTakeForPathMtu(10_000))
        {
            told++;
        }

        Assert.Equal(50, told);
        Assert.False(limit.TryTake(s_other, 10_000));
        Assert.True(limit.TryTakeForPathMtu(10_001));
        Assert.False(limit.TryTakeForPathMtu(10_001));
    }
}
