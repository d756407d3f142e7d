using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Threading;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.StartStop;

/// <summary>Two networks on the same hosts: a daemon for each, as flannel documents it.</summary>
public sealed class TwoNetworksTests : LabTest
{
    private const string SecondConfig = """{"Network":"10.245.0.0/16","Backend":{"Type":"udp","Port":8286}}""";

    [Fact]
    public void H8_A_second_network_has_a_device_a_port_and_leases_of_its_own_and_the_end_of_one_is_none_of_the_other()
    {
        TestLab lab = NewLab(2);
        IReadOnlyList<RunningProgram> first = lab.BringUp(1, 2);
        string leases = Path.Combine(lab.Plan.Directory, "second");
        Directory.CreateDirectory(leases);
        File.WriteAllText(Path.Combine(leases, "config"), SecondConfig);

        RunningProgram numbered = StartSecond(lab, 1, leases);
        RunningProgram named = StartSecond(lab, 2, leases, "--tun-name", "other0");
        numbered.AwaitError("interface flannel1,");
        named.AwaitError("interface other0,");
        numbered.AwaitError($"the interface is flannel1 because flannel0 is there; process {first[0].Id} (");

        IPAddress[] tunnels = [.. ((int[])[1, 2]).Select(number => SubnetFacts.Read(SecondFile(lab, number)).Network)];
        numbered.AwaitError($"Subnet added: {tunnels[1]}/24 via {lab.Host(2).UnderlayAddress}");
        named.AwaitError($"Subnet added: {tunnels[0]}/24 via {lab.Host(1).UnderlayAddress}");
        using var host = new Pinger(lab.Host(1).HostNamespace);
        using var back = new Pinger(lab.Host(2).HostNamespace);
        using var pod = new Pinger(lab.Host(1).PodNamespace);
        Assert.True(host.Series(tunnels[1], 3, CancellationToken.None).AllAnswered);
        Assert.True(back.Series(tunnels[0], 3, CancellationToken.None).AllAnswered);
        Assert.True(pod.Series(lab.Pod(2), 3, CancellationToken.None).AllAnswered);

        first[0].Signal("TERM");
        Assert.Equal(0, first[0].WaitForExit().ExitCode);
        Assert.False(lab.HasTunnel(1));
        Assert.True(host.Series(tunnels[1], 3, CancellationToken.None).AllAnswered);
        Assert.False(numbered.HasExited);
    }

    private static string SecondFile(TestLab lab, int number) =>
        Path.Combine(lab.Plan.Directory, $"second-{number}", "subnet.env");

    private static RunningProgram StartSecond(TestLab lab, int number, string leases, params string[] extra) =>
        lab.Keep(number, RunningProgram.Start(
        [
            lab.Ip.ProgramPath, "netns", "exec", lab.Host(number).HostNamespace, RunningProgram.OverlayPath, "run",
            "--lease-store", $"file:{leases}", "--iface", "eth0", "--subnet-file", SecondFile(lab, number),
            "--run-dir", Path.Combine(lab.Plan.Directory, $"second-{number}", "run"), .. extra,
        ]));
}
