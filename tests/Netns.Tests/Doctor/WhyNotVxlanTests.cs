using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Doctor;

/// <summary><c>overlay doctor --why-not-vxlan</c>.</summary>
public sealed class WhyNotVxlanTests : LabTest
{
    [Fact]
    public void A_host_without_obstacles_is_told_how_to_change_over_and_keeps_no_trace_of_the_trial()
    {
        TestLab lab = NewLab(2);
        lab.BringUp(1, 2);
        string before = Links(lab);

        CommandResult result = Ask(lab);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("nothing on this host speaks against VXLAN", result.Output);
        Assert.Contains("1 of 1 peers have leases for another backend", result.Output);
        Assert.Contains("eth0 has MTU 1500, which leaves pods 1450", result.Output);
        Assert.Equal(before, Links(lab));
    }

    [Fact]
    public void Each_obstacle_is_named()
    {
        TestLab lab = NewLab(2);
        FirewallTools.Require();
        HostPlan host = lab.Host(1);
        Assert.True(lab.Run(
            host.HostNamespace, "sh", "-e", "-c",
            "iptables -w -I INPUT -p udp --dport 8472 -j DROP; ip link set eth0 mtu 600; "
                + "ip route add default via 172.16.0.4").Succeeded);
        using Socket taken = NamespaceSocket.Udp(host.HostNamespace);
        taken.Bind(new IPEndPoint(host.UnderlayAddress, 8472));

        CommandResult result = Ask(lab, "--json");

        Assert.Equal(1, result.ExitCode);
        using var report = JsonDocument.Parse(result.Output);
        Assert.False(report.RootElement.GetProperty("can_work").GetBoolean());
        IReadOnlyDictionary<string, string> bad = report.RootElement.GetProperty("points").EnumerateArray()
            .Where(point => point.GetProperty("is_good").ValueKind == JsonValueKind.False)
            .ToDictionary(
                point => point.GetProperty("subject").GetString()!, point => point.GetProperty("found").GetString()!);
        Assert.Equal(["firewall", "mtu", "port"], bad.Keys.Order());
        Assert.Contains("UDP port 8472", bad["firewall"]);
        Assert.Contains("is taken by", bad["port"]);
    }

    private static CommandResult Ask(TestLab lab, params string[] words) => lab.Run(
        lab.Host(1).HostNamespace,
        [
            RunningProgram.OverlayPath, "doctor", "--why-not-vxlan", "--run-dir", lab.Host(1).RunDirectory,
            "--subnet-file", lab.Host(1).SubnetFile, "--root", lab.Plan.Directory, "--lease-store",
            $"file:{lab.Plan.LeaseDirectory}", .. words,
        ]);

    private static string Links(TestLab lab) =>
        lab.Run(lab.Host(1).HostNamespace, "ls", "/sys/class/net").Output;
}
