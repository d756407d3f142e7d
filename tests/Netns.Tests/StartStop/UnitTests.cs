using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.StartStop;

/// <summary>The unit that systemd runs the daemon by.</summary>
public sealed class UnitTests : LabTest
{
    private const int Nobody = 65534;

    private static readonly string s_units = Path.Combine(Repository.Root, "dist", "systemd");

    [Fact]
    public void Systemd_finds_nothing_wrong_with_the_unit_and_with_the_one_for_the_kernel_path()
    {
        Prerequisites.Require(("systemd-analyze", "systemd"));
        DirectoryInfo directory = Directory.CreateTempSubdirectory($"overlay-t{Environment.ProcessId}-unit-");
        try
        {
            string unit = Path.Combine(directory.FullName, "overlay.service");
            File.WriteAllText(unit, Unit().Replace("/usr/bin/overlay", "/bin/true", StringComparison.Ordinal));
            Verify(unit);

            const string DropIn = "overlay.service.d/kernel-path.conf";
            _ = directory.CreateSubdirectory("overlay.service.d");
            File.Copy(Path.Combine(s_units, DropIn), Path.Combine(directory.FullName, DropIn));
            Verify(unit);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void With_the_units_user_and_capabilities_alone_pods_reach_each_other_and_rules_are_made()
    {
        Prerequisites.Require(("setpriv", "util-linux"));
        FirewallTools.Require();
        TestLab lab = NewLab(2);
        Assert.True(ChildCommand.Run(["chmod", "-R", "a+rwX", lab.Plan.Directory]).Succeeded);
        string capabilities = string.Join(',', Setting("AmbientCapabilities").Split(' ')
            .Select(name => $"+{name["CAP_".Length..].ToLowerInvariant()}"));
        Assert.Equal("+net_admin,+net_raw", capabilities);
        Assert.Equal(Setting("AmbientCapabilities"), Setting("CapabilityBoundingSet"));

        // The lock as the package has it.
        Assert.DoesNotContain("XTABLES_LOCKFILE", Unit(), StringComparison.Ordinal);
        string lockFile = Path.Combine(lab.Plan.Directory, "xtables.lock");
        string mode = File.ReadAllText(Path.Combine(s_units, "overlay.tmpfiles")).Split("/run/xtables.lock ")[1][..4];
        Assert.True(ChildCommand.Run(["install", "-m", mode, "-g", $"{Nobody}", "/dev/null", lockFile]).Succeeded);

        FirewallTools[] tools = [new(lab, 1, "nft"), new(lab, 2, "legacy")];
        foreach (int number in (int[])[1, 2])
        {
            List<string> words = [.. lab.DaemonWords(number, "--datapath", "auto", "--ip-masq")];
            int program = words.IndexOf(RunningProgram.OverlayPath);
            words.InsertRange(program,
            [
                // As udev has it on hosts: in a container the device is often root's alone.
                "sh", "-c", "mknod -m 666 $0 c 10 200 && mount --bind $0 /dev/net/tun && touch /run/xtables.lock "
                    + "&& mount --bind -o ro $1 /run/xtables.lock && shift && exec \"$@\"",
                Path.Combine(lab.Plan.Directory, $"tun-{number}"), lockFile, .. tools[number - 1].Wrapper,
                "setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups",
                $"--bounding-set=-all,{capabilities}", $"--inh-caps=-all,{capabilities}",
                $"--ambient-caps=-all,{capabilities}", "--no-new-privs",
            ]);
            RunningProgram daemon = lab.Keep(number, RunningProgram.Start(words));
            lab.AttachPod(number, lab.WaitUntilReady(daemon, number));
            daemon.AwaitError("datapath user");
            string status = File.ReadAllText($"/proc/{daemon.Id}/status");
            Assert.Contains($"Uid:\t{Nobody}\t", status, StringComparison.Ordinal);
            Assert.Contains("CapBnd:\t0000000000003000", status, StringComparison.Ordinal);
        }

        lab.AwaitPath(1, 2);
        Assert.All(tools, host => Assert.Contains(
            host.Rules("nat", "FLANNEL-POSTRTG"),
            rule => rule.StartsWith("-A POSTROUTING", StringComparison.Ordinal)));
    }

    private static void Verify(string unit)
    {
        CommandResult verdict = ChildCommand.Run(["systemd-analyze", "verify", "--man=no", unit]);
        Assert.True(verdict.Succeeded && verdict.Error.Length == 0, verdict.Error);
    }

    private static string Unit() => File.ReadAllText(Path.Combine(s_units, "overlay.service"));

    private static string Setting(string name) => Unit().Split('\n')
        .Single(line => line.StartsWith($"{name}=", StringComparison.Ordinal))[(name.Length + 1)..];
}
