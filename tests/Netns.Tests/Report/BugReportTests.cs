using System;
using System.IO;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Report;

/// <summary>What <c>overlay bugreport</c> packs on a host with a daemon.</summary>
public sealed class BugReportTests : LabTest
{
    [Fact]
    public void One_archive_has_what_daemon_doctor_and_kernel_say_without_secrets_for_its_owner_alone()
    {
        TestLab lab = NewLab(2);
        _ = lab.BringUp(1, 2);
        string file = Path.Combine(lab.Plan.Directory, "report.tar.gz");
        string subnetFile = Path.Combine(lab.Plan.Directory, "subnet.env");
        File.WriteAllText(subnetFile, "FLANNEL_SUBNET=10.244.1.1/24\nETCD_PASSWORD=geheim\n");
        CommandResult made = Report(lab, "-o", file, "--subnet-file", subnetFile);
        Assert.True(made.ExitCode == 0, made.Error);
        Assert.Contains(file, made.Output, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        string unpacked = Path.Combine(lab.Plan.Directory, "unpacked");
        Directory.CreateDirectory(unpacked);
        CommandResult tar = ChildCommand.Run(["tar", "-xzf", file, "-C", unpacked, "--strip-components=1"]);
        Assert.True(tar.Succeeded, tar.Error);
        string Read(string name) => File.ReadAllText(Path.Combine(unpacked, name));
        string status = Read("overlay/status.json");
        var report = StatusReport.Parse(status[status.IndexOf('{')..(status.LastIndexOf('}') + 1)]);
        Assert.Equal("172.16.0.4", Assert.Single(report.Peers).PublicIp);
        Assert.Contains("flannel0", Read("network/links.txt"), StringComparison.Ordinal);
        Assert.Contains("10.244.0.0/16", Read("network/routes.txt"), StringComparison.Ordinal);
        Assert.Contains("were looked for", Read("overlay/doctor.txt"), StringComparison.Ordinal);
        Assert.Contains("ETCD_PASSWORD=***", Read($"files{subnetFile}"), StringComparison.Ordinal);
        Assert.DoesNotContain(
            Directory.EnumerateFiles(unpacked, "*", SearchOption.AllDirectories),
            each => File.ReadAllText(each).Contains("geheim", StringComparison.Ordinal));

        CommandResult again = Report(lab, "-o", file, "--subnet-file", subnetFile);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains($"the archive '{file}' cannot be made", again.Error, StringComparison.Ordinal);
    }

    private static CommandResult Report(TestLab lab, params string[] words) => lab.Run(
        lab.Host(1).HostNamespace,
        [RunningProgram.OverlayPath, "bugreport", "--run-dir", lab.Host(1).RunDirectory, .. words]);
}
