using System;
using System.Threading.Tasks;
using Overlay.Daemon.Backends;
using Overlay.Daemon.Backends.Fallback;
using Overlay.Daemon.Backends.Vxlan;
using Overlay.Daemon.Host;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Xunit;
using static Overlay.Daemon.Tests.Leases.LoopRig;

namespace Overlay.Daemon.Tests.Backends.Fallback;

public sealed class WayProberTests
{
    [Fact]
    public async Task Asking_that_ends_by_itself_is_a_fault_with_the_reason()
    {
        var config = NetworkConfig.Parse("""{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}""");
        var link = Ipv4Prefix.Parse("127.0.0.1/8");
        var mac = MacAddress.Parse("02:00:00:00:00:05");
        var health = new HealthBoard(TimeProvider.System);
        using var netlink = RouteNetlink.Open();
        using var vxlan = new VxlanBackend(
            new BackendContext(null!, config, new UnderlayInterface("lo", 1, link, 1500, "lo"), netlink, new LineLog())
            {
                Health = health,
            },
            new VxlanDevicePlan("none.1", "lo", new VxlanSettings(1), mac, 1450),
            isDirectRouting: false);
        var asking = RouteNetlink.Open();
        using var prober = new WayProber(vxlan, "none.2", 8285, asking, new LineLog()) { Health = health };
        asking.Dispose(); // as any defect: it is not what the kernel refuses

        prober.Start();

        Assert.IsType<ObjectDisposedException>(
            await prober.Fault.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }
}
