using System;
using System.IO;
using System.Linq;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Firewall;

/// <summary>What <c>overlay cleanup</c> leaves of flannel's things on a real host: nothing.</summary>
public sealed class CleanupTests : LabTest
{
    // What stock flannel leaves with its backends, and what others have on the host.
    private static readonly string[] s_leftovers =
    [
        "ip link add flannel.1 type vxlan id 1 dev eth0 dstport 8472",
        "ip link add flannel-v6.1 type vxlan id 2 dev eth0 dstport 8472",
        "ip tuntap add flannel0 mode tun",
        "ip link add cni0 type bridge",
        "ip route add 10.42.7.0/24 via 172.16.0.4",
        "iptables-nft -t nat -A FLANNEL-POSTRTG -s 10.42.0.0/16 -m comment --comment flanneld\\ masq -j RETURN",
        "iptables-nft -t nat -A POSTROUTING -m comment --comment flanneld\\ masq -j FLANNEL-POSTRTG",
        "iptables-nft -t nat -A POSTROUTING -s 10.42.0.0/16 -d 10.42.0.0/16 -m comment --comment flanneld\\ masq "
            + "-j RETURN", // flannel up to 0.19
        "iptables-legacy -N FLANNEL-FWD",
        "iptables-legacy -A FORWARD -m comment --comment flanneld\\ forward -j FLANNEL-FWD",
        "ip6tables-nft -N FLANNEL-FWD",
        "ip6tables-nft -A FLANNEL-FWD -s fd00:10:244::/56 -m comment --comment flanneld\\ forward -j ACCEPT",
        "nft add table ip flannel-ipv4",
        "nft add table ip6 flannel-ipv6",
        "nft add table inet overlay-trace-4194304", // PID_MAX_LIMIT, proc(5): of a process that is gone
    ];

    private static readonly string[] s_ofOthers =
    [
        "iptables-nft -t nat -A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE",
        "iptables-legacy -A FORWARD -i docker0 -j ACCEPT",
        "ip6tables-nft -A FORWARD -i docker0 -j ACCEPT",
        "ip route add 10.99.0.0/24 via 172.16.0.4",
        "ip link add flannel7 type bridge",
    ];

    [Fact]
    public void FW_3_FW_4_FW_7_Everything_of_flannels_goes_after_it_was_shown_and_nothing_else_while_no_daemon_runs()
    {
        FirewallTools.Require();
        TestLab lab = NewLab(2, """{"Network":"10.42.0.0/16","Backend":{"Type":"udp","Port":8285}}""");
        Do(lab, s_ofOthers);
        string before = Host(lab);

        // A daemon of ours leaves its own.
        RunningProgram daemon = new FirewallTools(lab, 1, "nft").Start("--ip-masq", "--ip-blackhole-route");
        _ = lab.WaitUntilReady(daemon, 1);
        CommandResult refused = Clean(lab, "--yes");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("stop it first", refused.Error, StringComparison.Ordinal);
        daemon.Signal("TERM");
        Assert.Equal(0, daemon.WaitForExit().ExitCode);
        Do(lab, s_leftovers);

        string dirty = Host(lab);
        CommandResult shown = Clean(lab, "--dry-run");
        Assert.Equal(0, shown.ExitCode);
        foreach (string part in (string[])
            [
                "FLANNEL-POSTRTG", "iptables-legacy: ", "ip6tables-nft: ", "nft: table ip6 flannel-ipv6",
                "nft: table inet overlay-trace-4194304",
                "blackhole 10.42.", "flannel.1 (vxlan)", "flannel-v6.1 (vxlan)", "flannel0 (tun)",
                "10.42.7.0/24 via 172.16.0.4",
                lab.Host(1).SubnetFile,
            ])
        {
            Assert.Contains(part, shown.Output, StringComparison.Ordinal);
        }

        // The lock goes last: until then no daemon starts.
        Assert.EndsWith(
            Path.Combine(lab.Host(1).RunDirectory, "lock"), LastFile(shown.Output), StringComparison.Ordinal);

        // A file of another kind stays, whoever names it.
        string precious = Path.Combine(lab.Plan.LeaseDirectory, "config");
        CommandResult misnamed = Clean(lab, "--dry-run", "--subnet-file", precious);
        Assert.Equal(0, misnamed.ExitCode);
        Assert.DoesNotContain(precious, misnamed.Output, StringComparison.Ordinal);

        CommandResult unasked = Clean(lab);
        Assert.Equal(1, unasked.ExitCode);
        Assert.Contains("give --yes", unasked.Error, StringComparison.Ordinal);
        Assert.Equal(dirty, Host(lab));

        CommandResult done = Clean(lab, "--yes", "--json", "--cni0");
        Assert.True(done.ExitCode == 0, done.Error);
        Assert.DoesNotContain("\"removed\":false", done.Output, StringComparison.Ordinal);
        Assert.Equal(before, Host(lab));
        Assert.False(File.Exists(lab.Host(1).SubnetFile));
        Assert.Contains("nothing of flannel's", Clean(lab, "--yes").Output, StringComparison.Ordinal);
    }

    private static string LastFile(string shown) =>
        shown.Split('\n').Last(line => line.StartsWith("file", StringComparison.Ordinal)).TrimEnd();

    private static CommandResult Clean(TestLab lab, params string[] words) => lab.Run(
        lab.Host(1).HostNamespace,
        [
            RunningProgram.OverlayPath, "cleanup", "--run-dir", lab.Host(1).RunDirectory,
            .. words.Contains("--subnet-file") ? words : ["--subnet-file", lab.Host(1).SubnetFile, .. words],
        ]);

    private static void Do(TestLab lab, string[] commands)
    {
        CommandResult done = lab.Run(
            lab.Host(1).HostNamespace, "sh", "-e", "-c", string.Join('\n', commands));
        Assert.True(done.Succeeded, done.Error);
    }

    // Rules, routes and devices, without counters, and without base chains that nft makes and nobody removes.
    private static string Host(TestLab lab)
    {
        CommandResult shown = lab.Run(
            lab.Host(1).HostNamespace, "sh", "-c",
            "for t in iptables-nft iptables-legacy ip6tables-nft; do $t-save | grep -v '^[#*:]\\|^COMMIT'; done; "
                + "nft list tables | grep -e flannel -e overlay; ip -o link show | cut -d: -f2; "
                + "ip route show | grep -v cni0");
        return shown.Output;
    }
}
