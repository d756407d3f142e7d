using System.IO;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.StartStop;

/// <summary>The daemon in place of flanneld: its unit's line and environment, and who reads subnet.env.</summary>
public sealed class DropInTests : LabTest
{
    [Fact]
    public void Unit_files_of_flanneld_work_and_consumers_read_what_stock_writes()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        etcd.Gateway.Put(
            "/atomic.io/network/config",
            """{"Network":"10.1.0.0/16","SubnetMin":"10.1.74.0","SubnetMax":"10.1.74.0","Backend":{"Type":"udp"}}""");
        string directory = Directory.CreateDirectory(Path.Combine(lab.Plan.Directory, "drop-in")).FullName;

        CommandResult result = lab.Run(
            lab.Host(1).HostNamespace, Path.Combine(Repository.Root, "tests", "flanneld-drop-in.sh"),
            RunningProgram.OverlayPath, etcd.DaemonArguments[1], "eth0", directory);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal("flanneld-drop-in: ok", result.Output.Trim());
    }
}
