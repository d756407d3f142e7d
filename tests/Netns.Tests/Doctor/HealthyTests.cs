using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Doctor;

/// <summary>What <c>overlay doctor</c> says of hosts that are as they should be: nothing that needs doing.</summary>
public sealed class HealthyTests : LabTest
{
    private const string Udp = TestLab.DefaultConfig;
    private const string DockersRules =
        """
        iptables -w -N DOCKER-USER
        iptables -w -A DOCKER-USER -j RETURN
        iptables -w -N DOCKER
        iptables -w -I FORWARD -j DOCKER
        iptables -w -I FORWARD -j DOCKER-USER
        iptables -w -P FORWARD DROP
        iptables -w -t nat -N DOCKER
        iptables -w -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
        """;

    private const string FirewalldsRules =
        """
        nft -f - <<'END'
        table inet firewalld {
          chain filter_INPUT {
            type filter hook input priority filter + 10; policy accept;
            ct state established,related accept
            iifname "lo" accept
            udp dport 8285 accept
            ip protocol icmp accept
            reject with icmpx admin-prohibited
          }
          chain filter_FORWARD {
            type filter hook forward priority filter + 10; policy accept;
            ct state established,related accept
            iifname { "flannel0", "cni0" } accept
            reject with icmpx admin-prohibited
          }
        }
        END
        """;

    [Theory]
    [InlineData("udp", Udp)]
    [InlineData("udp, Docker's rules", Udp, DockersRules)]
    [InlineData("udp, firewalld's rules", Udp, FirewalldsRules)]
    [InlineData("udp, nftables", """{"Network":"10.244.0.0/16","EnableNFTables":true,"Backend":{"Type":"udp"}}""")]
    [InlineData("vxlan", """{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}""")]
    [InlineData("host-gw", """{"Network":"10.244.0.0/16","Backend":{"Type":"host-gw"}}""")]
    public void Nothing_is_wrong_with_a_healthy_host(string name, string config, string rules = "")
    {
        TestLab lab = NewLab(2, config);
        FirewallTools.Require();
        lab.BringUp(1, 2);
        if (rules.Length > 0)
        {
            Assert.True(lab.Run(lab.Host(1).HostNamespace, "sh", "-e", "-c", rules).Succeeded);
        }

        lab.AwaitPath(2, 1);
        AssertNothingFound(lab, name);
    }

    [Fact]
    public void Nothing_is_wrong_with_a_healthy_host_whose_leases_are_in_etcd()
    {
        Prerequisites.RequireEtcd();
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        lab.BringUp(1, 2);
        AssertNothingFound(lab, "etcd");
    }

    [Fact]
    public void Nothing_is_wrong_with_a_healthy_host_whose_kernel_forwards()
    {
        TestLab lab = NewLab(2);
        lab.Datapath = "auto";
        lab.BringUp(1, 2);
        AssertNothingFound(lab, "the kernel path");
    }

    [Fact]
    public void Nothing_else_is_wrong_with_a_healthy_host_whose_daemon_has_stopped()
    {
        TestLab lab = NewLab(2);
        IReadOnlyList<RunningProgram> daemons = lab.BringUp(1, 2);
        daemons[0].Signal("TERM");
        Assert.Equal(0, daemons[0].WaitForExit().ExitCode);
        AssertNothingFound(lab, "no daemon", "--subnet-file", lab.Host(1).SubnetFile);
    }

    // What a daemon sees for a moment after a change is gone soon.
    private static void AssertNothingFound(TestLab lab, string name, params string[] options)
    {
        IReadOnlyList<string> found = [];
        Await(
            () => (found = Found(lab, options)).Count == 0,
            () => $"{name}: {string.Join('\n', found)}");
    }

    // Where subnet.env is a daemon that runs says.
    private static IReadOnlyList<string> Found(TestLab lab, params string[] options)
    {
        HostPlan host = lab.Host(1);
        CommandResult result = lab.Run(
            host.HostNamespace,
            [
                RunningProgram.OverlayPath, "doctor", "--json", "--run-dir", host.RunDirectory,
                "--root", lab.Plan.Directory, .. options,
                .. lab.LeaseStore ?? ["--lease-store", $"file:{lab.Plan.LeaseDirectory}"],
            ]);
        using var report = JsonDocument.Parse(
            result.Output.Length > 0 ? result.Output : throw new LabException(result.Reason, result.Error));
        Assert.Empty(report.RootElement.GetProperty("not_looked_at").EnumerateArray());
        return
        [
            .. report.RootElement.GetProperty("findings").EnumerateArray()
                .Where(finding => finding.GetProperty("severity").GetString() != "info")
                .Select(finding => finding.ToString()),
        ];
    }
}
