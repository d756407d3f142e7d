using System;
using System.IO;
using System.Linq;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Leases;

/// <summary>A subnet.env that cannot be renamed over, as containers have it.</summary>
public sealed class MountedSubnetFileTests : LabTest
{
    private const string Thief = "172.16.0.66";

    [Theory]
    [InlineData("mount --bind \"$0\" \"$0\"", "it is a mount point")]
    [InlineData(
        "mount --bind \"$1\" \"$1\" && mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$1\"",
        "its directory is on a read-only file system")]
    public void It_is_written_in_place_at_the_start_and_after_a_move_with_one_warning(string mount, string why)
    {
        Prerequisites.Require(("unshare", "util-linux"));
        TestLab lab = NewLab(2);
        string folder = Path.Combine(lab.Plan.Directory, "mounted"), file = Path.Combine(folder, "subnet.env");
        Directory.CreateDirectory(folder);
        File.WriteAllText(file, $"# {new string('x', 1000)}\n"); // longer than what is written over it
        StartAttempt attempt = new StartAttempt(lab).With("--subnet-file", file);
        using RunningProgram daemon = attempt.Start(
            "unshare", "--mount", "sh", "-c", $"{mount} && shift && exec \"$@\"", file, folder);
        daemon.AwaitError(" ready: ");
        string[] keys = ["FLANNEL_NETWORK", "FLANNEL_SUBNET", "FLANNEL_MTU", "FLANNEL_IPMASQ"];
        Assert.Equal(keys, File.ReadLines(file).Select(line => line.Split('=')[0]));

        string before = SubnetFacts.Read(file).Subnet;
        attempt.WriteLease(before, Thief);
        daemon.AwaitError("subnet changed from ");
        Assert.NotEqual(before, SubnetFacts.Read(file).Subnet);
        Assert.Equal(keys, File.ReadLines(file).Select(line => line.Split('=')[0]));

        daemon.Signal("TERM");
        CommandResult end = daemon.WaitForExit();
        Assert.Equal(0, end.ExitCode);
        Assert.Contains(
            $"{file} cannot be renamed over ({why}), so it is written in place",
            Assert.Single(end.Error.Split('\n'), line => line.Contains("in place", StringComparison.Ordinal)),
            StringComparison.Ordinal);
        Assert.Equal([file], Directory.EnumerateFileSystemEntries(folder)); // and no temporary file
    }
}
