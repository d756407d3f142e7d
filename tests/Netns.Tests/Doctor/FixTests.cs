using System.Linq;
using Overlay.Lab;
using Overlay.Lab.Faults;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Doctor;

/// <summary><c>overlay doctor --fix</c> on a host with a fault.</summary>
public sealed class FixTests : LabTest
{
    [Fact]
    public void A_fault_is_mended_by_its_command_and_only_once_that_was_agreed_to()
    {
        TestLab lab = NewLab(2);
        lab.BringUp(1, 2);
        FaultSite site = new(lab.Ip, lab.Plan, "flannel0", "10.244.0.0/16", lab.Subnet(1), lab.Subnet(2));
        LabFault fault = LabFaults.Find("H5")!;
        site.Break(fault);

        CommandResult refused = site.Examine([RunningProgram.OverlayPath], "--fix");
        Assert.Contains("there is no terminal to ask; give --yes", refused.Error);
        Assert.Equal("0", Forwarding(lab));

        CommandResult done = site.Examine([RunningProgram.OverlayPath], "--fix", "--yes");
        Assert.Contains("done: sysctl -w net.ipv4.ip_forward=1", done.Output);
        Assert.Equal("1", Forwarding(lab));
        Assert.Contains("✗ H5", done.Output.Split("done: ").First());
        Assert.DoesNotContain("✗ H5", done.Output.Split("done: ").Last());
    }

    private static string Forwarding(TestLab lab) =>
        lab.Run(lab.Host(1).HostNamespace, "cat", "/proc/sys/net/ipv4/ip_forward").Output.Trim();
}
