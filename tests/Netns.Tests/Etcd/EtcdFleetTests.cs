using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Etcd;

/// <summary>Many daemons on one real etcd.</summary>
[Collection(nameof(Alone))]
public sealed class EtcdFleetTests : LabTest
{
    private const int Hosts = 20, Rounds = 3;

    // Twenty runtimes share the processors.
    private static readonly TimeSpan s_allReadyWithin = TimeSpan.FromMinutes(10);

    [Fact]
    public void Twenty_daemons_started_at_the_same_moment_get_twenty_different_subnets_three_times_in_a_row()
    {
        // So small a network that many choose the same: 31 subnets for 20 hosts.
        TestLab lab = NewLab(Hosts);
        using LabEtcd etcd = lab.StartEtcd("""
            {"Network":"10.244.0.0/16","SubnetMin":"10.244.1.0","SubnetMax":"10.244.31.0","Backend":{"Type":"udp"}}
            """);
        for (int round = 1; round <= Rounds; round++)
        {
            IReadOnlyList<RunningProgram> daemons = StartAllAtOnce(lab);
            long released = Stopwatch.GetTimestamp();
            foreach (RunningProgram daemon in daemons)
            {
                daemon.AwaitError(" ready: ", s_allReadyWithin);
            }

            Print(
                $"round {round}: {Hosts} daemons ready {Stopwatch.GetElapsedTime(released).TotalSeconds:0.0} s after "
                    + "they were let go");
            string[] subnets = [.. lab.Plan.Hosts.Select(host => SubnetFacts.Read(host.SubnetFile).Subnet)];
            Assert.Equal(Hosts, subnets.Distinct().Count());
            IReadOnlyList<LeaseKey> keys = etcd.Gateway.Leases();
            Assert.Equal(
                lab.Plan.Hosts.Zip(subnets, (host, subnet) => $"{subnet.Replace('/', '-')} {host.UnderlayAddress}")
                    .Order(StringComparer.Ordinal),
                keys.Select(key => $"{key.Subnet} {key.PublicIp}").Order(StringComparer.Ordinal));
            Await(
                () => Enumerable.Range(1, Hosts).All(number => lab.Counters(number).Routes == Hosts - 1),
                "one does not know all others");
            StartOver(lab, etcd, daemons);
        }
    }

    // Each waits in a shell that becomes the daemon when the pipe that all read from is closed.
    private static List<RunningProgram> StartAllAtOnce(TestLab lab)
    {
        string gate = Path.Combine(lab.Plan.Directory, "gate");
        File.Delete(gate);
        Assert.True(ChildCommand.Run(["mkfifo", gate]).Succeeded);
        using var held = new FileStream(gate, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        List<RunningProgram> daemons =
        [
            .. from number in Enumerable.Range(1, Hosts)
               let waiting = (string[])["sh", "-c", "read _ <\"$0\"; exec \"$@\"", gate, .. lab.DaemonWords(number)]
               select lab.Keep(number, RunningProgram.Start(waiting)),
        ];
        Await(
            () => daemons.All(daemon => new FileInfo($"/proc/{daemon.Id}/fd/0").LinkTarget == gate),
            "not all have come to the gate");
        return daemons;
    }

    private static void StartOver(TestLab lab, LabEtcd etcd, IReadOnlyList<RunningProgram> daemons)
    {
        foreach (RunningProgram daemon in daemons)
        {
            daemon.Signal("TERM");
        }

        Assert.All(daemons, daemon => Assert.Equal(0, daemon.WaitForExit().ExitCode));
        foreach (LeaseKey key in etcd.Gateway.Leases())
        {
            etcd.Gateway.DeleteLease(key.Subnet);
        }

        foreach (HostPlan host in lab.Plan.Hosts)
        {
            File.Delete(host.SubnetFile);
            Directory.Delete(host.RunDirectory, recursive: true);
        }
    }
}
