using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Threading;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Etcd;

/// <summary>What others write into a real etcd beside our leases: much, wrong, moved, and of another kind.</summary>
public sealed class EtcdForeignKeyTests : LabTest
{
    private const string ThirdSubnet = "10.244.200.0/24", FirstAddress = "172.16.0.77", SecondAddress = "172.16.0.78";

    private static readonly IPAddress s_thirdPod = IPAddress.Parse("10.244.200.2");

    [Fact]
    public void With_ten_thousand_leases_of_others_a_daemon_is_ready_and_knows_all_of_them()
    {
        const int Count = 10_000;
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd("""{"Network":"10.0.0.0/8","SubnetLen":24,"Backend":{"Type":"udp"}}""");
        etcd.Gateway.PutLeases(
            Enumerable.Range(0, Count)
                .Select(i => ($"10.{1 + (i / 250)}.{i % 250}.0/24", $"192.168.{i / 250}.{1 + (i % 250)}")),
            etcd.Gateway.Grant());

        RunningProgram daemon = lab.Start(1);
        daemon.AwaitError(" ready: ");
        Await(() => lab.Counters(1).Routes == Count, () => $"{lab.Counters(1).Routes} routes");

        TimeSpan took = Stopwatch.GetElapsedTime(daemon.Started);
        Print($"{Count} leases in force {took.TotalMilliseconds:0} ms after the start of the process");
    }

    [Fact]
    public void Garbage_beside_the_leases_changes_nothing_and_is_named_once()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        (int Routes, int Peers) before = (lab.Counters(1).Routes, lab.Counters(1).Peers);
        long lease = etcd.Gateway.Grant();
        (string Key, string Value)[] garbage =
        [
            ("not-a-subnet", "x"),
            ("10.244.300.0-24", LeaseText.Value("172.16.0.9")),
            ("10.244.210.0-24", "{\"PublicIP\":"),
            ("10.244.211.0-24", LeaseText.Value("127.0.0.1")),
            ("10.244.212.0-24", string.Empty),
            ("10.244.213.0-24/more", LeaseText.Value("172.16.0.9")),
        ];
        foreach ((string key, string value) in garbage)
        {
            etcd.Gateway.Put(LabEtcd.SubnetKeys + key, value, lease);
        }

        // a loop: the network's own route leads there (the first subnet is never a host's)
        etcd.Gateway.PutLease("10.244.215.0/24", "10.244.0.1", lease);
        // a good one, written last, shows that the others have been seen
        etcd.Gateway.PutLease("10.244.214.0/24", "172.16.0.9", lease);

        Await(() => lab.Counters(1).Routes == before.Routes + 1, () => $"{lab.Counters(1).Routes} routes");
        Assert.Equal(before.Peers + 1, lab.Counters(1).Peers);
        Assert.All(garbage, entry => Assert.Single(
            daemon.Errors, line => line.Contains($"{LabEtcd.SubnetKeys}{entry.Key} ", StringComparison.Ordinal)));
        Assert.Single(daemon.Errors, line => line.Contains("they would loop: 10.244.215.0/24 via 10.244.0.1;"));
        Assert.All(garbage, entry => Assert.Contains(
            etcd.Gateway.Leases(), key => key.Subnet == entry.Key && key.Json == entry.Value));
        using var pinger = new Pinger(lab.Host(1).PodNamespace);
        Assert.True(pinger.Series(lab.Pod(2), 3, CancellationToken.None).AllAnswered);
        Assert.False(daemon.HasExited);
    }

    [Fact]
    public void A_lease_written_by_hand_that_overlaps_others_is_a_warning_and_those_stay()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        IReadOnlyList<RunningProgram> daemons = lab.BringUp(1, 2);
        IReadOnlyList<LeaseKey> before = etcd.Gateway.Leases();
        using var pings = new SteadyPing(lab, 1, 2);

        // the half of the network that host 1 is in
        string wide = $"10.244.{lab.Subnet(1).Network.GetAddressBytes()[2] & 0x80}.0/17";
        etcd.Gateway.PutLease(wide, FirstAddress, etcd.Gateway.Grant());

        Assert.All(daemons, daemon => daemon.AwaitError($"{EtcdLab.KeyOf(wide)} "));
        Assert.All([1, 2], number => Assert.Equal(1, lab.Counters(number).Routes));
        Assert.Equal(before, etcd.Gateway.Leases().Where(key => key.Subnet != wide.Replace('/', '-')));
        Assert.Equal(0, pings.Stop().Lost);
        Assert.All([1, 2], number => Assert.Equal(lab.Subnet(number), SubnetFacts.Read(lab.Host(number).SubnetFile)));
    }

    [Theory]
    [InlineData("strict")]
    [InlineData("off")]
    public void A_second_subnet_that_names_a_host_reaches_the_bridge_it_has_there(string sourceCheck)
    {
        const string Second = "10.244.250.0/24", Bridge = "10.244.250.1";
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        RunningProgram daemon = lab.BringUp([1, 2], _ => ["--source-check", sourceCheck])[1];
        lab.Ip.Batch(
            lab.Host(2).HostNamespace,
            ["link add second0 type bridge", $"addr add {Bridge}/24 dev second0", "link set second0 up"]);

        etcd.Gateway.PutLease(Second, lab.Host(2).UnderlayAddress.ToString(), lease: 0);
        daemon.AwaitError($"Subnet of this host too, by its public IP {lab.Host(2).UnderlayAddress}: {Second}");
        Await(() => lab.Counters(1).Routes == 2, () => $"{lab.Counters(1).Routes} routes");

        using var pinger = new Pinger(lab.Host(1).PodNamespace);
        Assert.True(pinger.Series(IPAddress.Parse(Bridge), 3, CancellationToken.None).AllAnswered);
        Assert.True(pinger.Series(lab.Pod(2), 3, CancellationToken.None).AllAnswered);
        Assert.Equal(0, lab.Counters(2).Inbound.Drops.GetValueOrDefault("not_ours"));
        etcd.Gateway.DeleteLease(Second);
        daemon.AwaitError($"Subnet of this host no longer: {Second}");
        Await(() => lab.Counters(1).Routes == 1, () => $"{lab.Counters(1).Routes} routes");
    }

    [Fact]
    public void A_peer_whose_public_address_changes_is_followed()
    {
        TestLab lab = NewLab(3);
        using LabEtcd etcd = lab.StartEtcd();
        foreach (string address in (string[])[FirstAddress, SecondAddress])
        {
            lab.Ip.Run("-n", lab.Host(3).HostNamespace, "addr", "add", $"{address}/24", "dev", "eth0");
        }

        RunningProgram daemon = lab.BringUp(1, 2)[0];
        long lease = etcd.Gateway.Grant();
        foreach (string address in (string[])[FirstAddress, SecondAddress])
        {
            etcd.Gateway.PutLease(ThirdSubnet, address, lease);
            GoesTo(lab, address);
        }

        Assert.Contains(daemon.Errors, line => line.Contains(
            $"Subnet changed: {ThirdSubnet} now via {SecondAddress}", StringComparison.Ordinal));
    }

    [Fact]
    public void A_lease_of_a_stock_node_with_another_backend_and_unknown_fields_is_used_and_never_rewritten()
    {
        const string Stock = """
            {"PublicIP":"172.16.0.77","PublicIPv6":null,"BackendType":"vxlan",
             "BackendData":{"VNI":1,"VtepMAC":"da:8c:a1:3f:b6:0a"},"Later":[1,{"x":null}]}
            """;
        TestLab lab = NewLab(3);
        using LabEtcd etcd = lab.StartEtcd();
        lab.Ip.Run("-n", lab.Host(3).HostNamespace, "addr", "add", $"{FirstAddress}/24", "dev", "eth0");
        etcd.Gateway.Put(EtcdLab.KeyOf(ThirdSubnet), Stock, etcd.Gateway.Grant());
        LeaseKey? before = etcd.Gateway.Lease(ThirdSubnet);

        IReadOnlyList<RunningProgram> daemons = lab.BringUp(1, 2);
        GoesTo(lab, FirstAddress);
        foreach (RunningProgram daemon in daemons)
        {
            daemon.Signal("TERM");
            Assert.Equal(0, daemon.WaitForExit().ExitCode);
        }

        Assert.Equal(Stock, before?.Json);
        Assert.Equal(before, etcd.Gateway.Lease(ThirdSubnet));
    }

    // Asks the third host's pod until a question leaves for the address.
    private static void GoesTo(TestLab lab, string publicIp)
    {
        long changed = Stopwatch.GetTimestamp();
        using var capture = new WireCapture(
            lab.Host(1).HostNamespace, LabNamespace.InterfaceIndex(lab.Host(1).HostNamespace, "eth0"));
        using var pinger = new Pinger(lab.Host(1).PodNamespace);
        Await(
            () =>
            {
                _ = pinger.Ping(s_thirdPod, 1, TimeSpan.FromMilliseconds(5)); // the pod does not exist: no answer
                return capture.FirstCarried(
                    packet =>
                        packet.Inner.Ipv4.Destination.ToIPAddress().Equals(s_thirdPod)
                            && packet.Outer.Ipv4.Destination.ToString() == publicIp,
                    TimeSpan.FromMilliseconds(20)) is not null;
            },
            $"nothing went to {publicIp}");
        Print($"{publicIp}: followed after {Stopwatch.GetElapsedTime(changed).TotalMilliseconds:0} ms");
    }
}
