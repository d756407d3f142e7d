using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Repair;

/// <summary>What others take from flannel0 while the daemon runs.</summary>
public sealed class UpkeepTests : LabTest
{
    [Fact]
    public void An_interface_that_was_taken_down_and_up_and_lost_its_address_carries_pods_again()
    {
        TestLab lab = NewLab(2);
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        lab.AwaitPath(1, 2);
        string inside = lab.Host(1).HostNamespace;

        lab.Ip.Run("-n", inside, "link", "set", "flannel0", "down"); // the kernel flushes its routes
        lab.Ip.Run("-n", inside, "addr", "flush", "dev", "flannel0");
        lab.Ip.Run("-n", inside, "link", "set", "flannel0", "up");

        daemon.AwaitError($"address {lab.Tunnel(1)}/32 of flannel0 was gone and is put back");
        daemon.AwaitError("route 10.244.0.0/16 of flannel0 was gone and is put back");
        lab.AwaitPath(1, 2);
    }
}
