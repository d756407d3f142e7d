using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Repair;

/// <summary>The underlay's address, MTU and interface change while the daemons run.</summary>
[Collection(nameof(Alone))]
public sealed class UnderlayChangeTests : LabTest
{
    private const string NewAddress = "172.16.0.77";

    [Theory]
    [InlineData("udp", "user", 28, true)]
    [InlineData("udp", "kernel", 28)]
    [InlineData("vxlan", null, 50)]
    [InlineData("host-gw", null, 0)]
    public void Address_interface_and_mtu_are_followed_without_a_restart_and_the_subnet_stays(
        string backend, string? datapath, int overhead, bool inEtcd = false)
    {
        string config = $$"""{"Network":"10.244.0.0/16","Backend":{"Type":"{{backend}}"} }""";
        TestLab lab = NewLab(2, config);
        lab.Datapath = datapath;
        using LabEtcd? etcd = inEtcd ? lab.StartEtcd(config) : null;
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        HostPlan host = lab.Host(1);
        string subnet = lab.Subnet(1).Subnet;
        string before = File.ReadAllText(host.SubnetFile);
        Reaches(lab, "at first", Stopwatch.GetTimestamp());

        long changed = Stopwatch.GetTimestamp();
        lab.Ip.Batch(host.HostNamespace, ["addr flush dev eth0", $"addr add {NewAddress}/24 dev eth0"]);
        Await(() => (etcd is null ? PublicIpInFile(lab, subnet) : etcd.Gateway.Lease(subnet)?.PublicIp) == NewAddress);
        Reaches(lab, "with another address", changed);
        Assert.Equal(before, File.ReadAllText(host.SubnetFile));

        changed = Stopwatch.GetTimestamp();
        lab.Ip.Run("-n", host.HostNamespace, "link", "del", "eth0");
        if (inEtcd)
        {
            _ = lab.AwaitWarning(1, "underlay-gone");
            Assert.False(lab.Status(1).IsReady);
            changed = Stopwatch.GetTimestamp();
        }

        lab.Ip.Run(
            "-n", lab.Plan.WireNamespace, "link", "add", "again", "type", "veth", "peer", "name", "eth0", "netns",
            host.HostNamespace);
        lab.Ip.Batch(lab.Plan.WireNamespace, [$"link set again master {LabTopology.Wire} up"]);
        lab.Ip.Batch(host.HostNamespace, [$"addr add {NewAddress}/24 dev eth0", "link set eth0 up"]);
        Reaches(lab, "with another interface of that name", changed);
        Assert.Equal(before, File.ReadAllText(host.SubnetFile));

        if (inEtcd)
        {
            Await(() => daemon.Errors.Count(line => line.Contains(" ready: ", StringComparison.Ordinal)) >= 3);
            lab.Ip.Batch(host.HostNamespace, ["addr flush dev eth0"]);
            _ = lab.AwaitWarning(1, "underlay-address-gone");
            lab.Ip.Batch(host.HostNamespace, [$"addr add {NewAddress}/24 dev eth0", "link set eth0 down"]);
            _ = lab.AwaitWarning(1, "underlay-down");
            lab.Ip.Batch(host.HostNamespace, ["link set eth0 up"]);
        }

        changed = Stopwatch.GetTimestamp();
        lab.Ip.Run("-n", host.HostNamespace, "link", "set", "eth0", "mtu", "1400");
        Await(() => File.ReadAllText(host.SubnetFile) == before.Replace(
            $"FLANNEL_MTU={1500 - overhead}\n", $"FLANNEL_MTU={1400 - overhead}\n", StringComparison.Ordinal));
        Reaches(lab, "with another MTU", changed);

        if (inEtcd)
        {
            ATakenPortIsTold(lab, daemon);
        }

        daemon.Signal("TERM");
        Assert.Equal(0, daemon.WaitForExit().ExitCode);
    }

    // The port of an address that the host gets later (ip(7), IP_FREEBIND).
    private static void ATakenPortIsTold(TestLab lab, RunningProgram daemon)
    {
        const int IpProtocol = 0, FreeBind = 15;
        const string TakenAddress = "172.16.0.78";
        HostPlan host = lab.Host(1);
        using (Socket holder = NamespaceSocket.Udp(host.HostNamespace))
        {
            holder.SetRawSocketOption(IpProtocol, FreeBind, [1, 0, 0, 0]);
            holder.Bind(new IPEndPoint(IPAddress.Parse(TakenAddress), TestLab.Port));
            lab.Ip.Batch(host.HostNamespace, ["addr flush dev eth0", $"addr add {TakenAddress}/24 dev eth0"]);
            daemon.AwaitError("could not start again");
            CommandResult status = ChildCommand.Run(
                [RunningProgram.OverlayPath, "status", "--run-dir", host.RunDirectory]);
            Assert.Equal(4, status.ExitCode);
            Assert.Contains("the daemon is not ready: ", status.Error, StringComparison.Ordinal);
            Assert.Contains($"{TestLab.Port}", status.Error, StringComparison.Ordinal);
        }

        Reaches(lab, "once the port is free", Stopwatch.GetTimestamp());
    }

    // While it is written anew it is not there.
    private static string? PublicIpInFile(TestLab lab, string subnet)
    {
        string file = Path.Combine(lab.Plan.LeaseDirectory, "subnets", subnet.Replace('/', '-'));
        return File.Exists(file) ? $"{JsonNode.Parse(File.ReadAllText(file))?["PublicIP"]}" : null;
    }

    // How soon is printed, for a busy machine decides it.
    private static void Reaches(TestLab lab, string when, long since)
    {
        ushort number = 0;
        foreach ((int from, int to) in (ReadOnlySpan<(int, int)>)[(1, 2), (2, 1)])
        {
            using var pinger = new Pinger(lab.Host(from).PodNamespace);
            Await(
                () => pinger.Ping(lab.Pod(to), ++number, TimeSpan.FromMilliseconds(100)) is not null,
                $"pod {to} is not reached {when}");
        }

        Print($"reached {when} after {Stopwatch.GetElapsedTime(since).TotalMilliseconds:0} ms");
    }
}
