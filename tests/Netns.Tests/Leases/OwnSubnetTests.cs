using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Leases;

/// <summary>What becomes of a running daemon whose own lease somebody takes, deletes or lets end.</summary>
public sealed class OwnSubnetTests : LabTest
{
    private const string Thief = "172.16.0.77";

    [Fact]
    public void A_lease_taken_by_another_owner_leads_to_another_subnet_at_run_time_and_everybody_else_flows_meanwhile()
    {
        TestLab lab = NewLab(3);
        RunningProgram daemon = lab.BringUp(1, 2, 3)[0];
        lab.AwaitPath(2, 3);
        SubnetFacts before = lab.Subnet(1);
        using var others = new SteadyPing(lab, 2, 3);
        using var own = new Pinger(lab.Host(1).PodNamespace);
        using var capture = new WireCapture(
            lab.Host(1).HostNamespace, LabNamespace.InterfaceIndex(lab.Host(1).HostNamespace, "eth0"));

        lab.WriteLease(before.Subnet, Thief);
        long stolen = Stopwatch.GetTimestamp();

        daemon.AwaitError("subnet changed from ");
        Print($"on another subnet {Stopwatch.GetElapsedTime(stolen).TotalMilliseconds:0} ms after the theft");
        var after = SubnetFacts.Read(lab.Host(1).SubnetFile);
        Assert.NotEqual(before.Subnet, after.Subnet);
        Assert.Single(daemon.Errors, line => line.Contains(
            $"subnet changed from {before.Subnet} to {after.Subnet}, {lab.Host(1).SubnetFile} rewritten: restart "
                + "this host's pods", StringComparison.Ordinal));
        Assert.Single(daemon.Errors, line =>
            line.Contains($"lease {before.Subnet} is lost", StringComparison.Ordinal)
                && line.Contains(Thief, StringComparison.Ordinal));
        Assert.Equal($"{after.Network}/32", TunnelAddress(lab));
        Assert.Contains(Thief, File.ReadAllText(lab.LeaseFile(before.Subnet)), StringComparison.Ordinal);

        // The pod still has its old address: what it sends to the others goes out as before.
        _ = own.Ping(lab.Pod(2), 1, TimeSpan.FromMilliseconds(50));
        Assert.NotNull(capture.FirstCarried(
            packet => packet.Inner.Ipv4.Destination.ToIPAddress().Equals(lab.Pod(2)), TestLab.Patience));
        lab.RestartPod(1);
        lab.AwaitPath(1, 2);
        lab.AwaitPath(3, 1);
        Await(() => lab.Counters(1).Routes == 3, "two peers, and who has the lost subnet");
        Assert.False(lab.Counters(1).Outbound.Drops.ContainsKey("no_route"), "a route was away");
        Await(() => others.Sent > 10, "no pings meanwhile");
        (int sent, int lost) = others.Stop();
        Print($"{sent} pings between the others, {lost} lost");
        Assert.Equal(0, lost);
        EndsCleanly(daemon);
    }

    [Fact]
    public void After_a_move_the_next_start_has_the_new_subnet()
    {
        TestLab lab = NewLab(2);
        RunningProgram daemon = lab.BringUp(1)[0];
        lab.WriteLease(lab.Subnet(1).Subnet, Thief);
        daemon.AwaitError("subnet changed from ");
        var moved = SubnetFacts.Read(lab.Host(1).SubnetFile);
        EndsCleanly(daemon);

        Assert.Equal(moved, lab.WaitUntilReady(lab.Start(1), 1));
        Assert.Equal($"{moved.Network}/32", TunnelAddress(lab));
    }

    [Fact]
    public void An_address_that_is_flushed_after_a_move_is_put_back_as_the_new_one()
    {
        TestLab lab = NewLab(2);
        RunningProgram daemon = lab.BringUp(1)[0];
        lab.WriteLease(lab.Subnet(1).Subnet, Thief);
        daemon.AwaitError("subnet changed from ");
        var moved = SubnetFacts.Read(lab.Host(1).SubnetFile);

        lab.Ip.Run("-n", lab.Host(1).HostNamespace, "addr", "flush", "dev", "flannel0");

        daemon.AwaitError($"address {moved.Network}/32 of flannel0 was gone and is put back");
        Assert.Equal($"{moved.Network}/32", TunnelAddress(lab));
    }

    [Fact]
    public void A_lease_file_that_is_deleted_is_back_at_once_with_the_same_subnet_and_a_connection_survives_it()
    {
        TestLab lab = NewLab(2);
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        lab.AwaitPath(2, 1);
        SubnetFacts before = lab.Subnet(1);
        string lease = lab.LeaseFile(before.Subnet);
        Exception? failure = null;
        bool isEnough = false;
        int transfers = 0;
        var transferring = new Thread(() =>
        {
            try
            {
                for (; !Volatile.Read(ref isEnough); Volatile.Write(ref transfers, transfers + 1))
                {
                    TcpTransfer.ArrivesIntact(
                        lab.Host(1).PodNamespace, lab.Host(2).PodNamespace, lab.Pod(2), 4_000_000, seed: transfers);
                }
            }
            catch (Exception problem)
            {
                failure = problem;
            }
        });
        transferring.Start();
        try
        {
            Await(() => Volatile.Read(ref transfers) > 0 || failure is not null);
            long began = Stopwatch.GetTimestamp();
            File.Delete(lease);
            Await(() => File.Exists(lease), () => daemon.Tail());
            Print($"back after {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms");
            int more = Volatile.Read(ref transfers) + 2;
            Await(() => Volatile.Read(ref transfers) >= more || failure is not null, "no transfer any more");
        }
        finally
        {
            Volatile.Write(ref isEnough, true);
            transferring.Join();
        }

        Assert.Null(failure);
        Assert.Equal(before, SubnetFacts.Read(lab.Host(1).SubnetFile));
        Assert.Equal($"{before.Network}/32", TunnelAddress(lab));
        Assert.Contains(daemon.Errors, line => line.Contains(
            $"lease {before.Subnet} is gone from the store and is taken back", StringComparison.Ordinal));
        Assert.False(lab.Counters(1).Outbound.Drops.ContainsKey("no_route"), "a route of ours was away");
        EndsCleanly(daemon);
    }

    [Fact]
    public void H12_A_daemon_that_slept_while_its_lease_went_away_takes_it_back_when_it_wakes()
    {
        TestLab lab = NewLab(2);
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        string lease = lab.LeaseFile(lab.Subnet(1).Subnet);
        daemon.Signal("STOP");
        File.Delete(lease);
        Await(() => lab.Counters(2).Routes == 0, "the other still has its route");

        daemon.Signal("CONT");

        Await(() => File.Exists(lease), () => daemon.Tail());
        lab.AwaitPath(2, 1);
        lab.AwaitPath(1, 2);
        EndsCleanly(daemon);
    }

    [Fact]
    public void A_full_disk_under_the_run_directory_is_one_warning_and_nothing_half_written()
    {
        Prerequisites.Require(("unshare", "util-linux"));
        TestLab lab = NewLab(2);
        string runDirectory = lab.Host(1).RunDirectory;
        Directory.CreateDirectory(runDirectory);
        StartAttempt attempt = new StartAttempt(lab).With("--run-dir", runDirectory);
        const int MostLeases = 600;
        for (int i = 0; i < MostLeases; i++)
        {
            attempt.WriteLease($"10.244.{i % 200}.{i / 200 * 64}/26", $"172.16.1.{1 + (i % 200)}");
        }

        // Room for the process id and the socket, and for a snapshot of few peers; 600 are 80 KB.
        using RunningProgram daemon = attempt.Start(
            "unshare", "--mount", "sh", "-c", $"mount -t tmpfs -o size=32k none {runDirectory} && exec \"$@\"", "sh");

        daemon.AwaitError("leases.json could not be written");
        daemon.AwaitError(" ready: ");
        string inside = $"/proc/{daemon.Id}/root{runDirectory}";
        Assert.Equal(
            ["lock", "overlay.sock", "pid"],
            Directory.EnumerateFileSystemEntries(inside).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        attempt.WriteLease("10.244.201.0/26", "172.16.1.201"); // leads to another try, of which nothing is said
        daemon.AwaitError("Subnet added: 10.244.201.0/26");
        daemon.Signal("TERM");
        CommandResult end = daemon.WaitForExit();
        Assert.Equal(0, end.ExitCode);
        Assert.Single(end.Error.Split('\n'), line => line.Contains("could not be written", StringComparison.Ordinal));
    }

    [Fact]
    public void A_running_daemon_keeps_a_snapshot_of_what_it_knows()
    {
        TestLab lab = NewLab(2);
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        string snapshot = Path.Combine(lab.Host(1).RunDirectory, "leases.json");

        Await(
            () => File.Exists(snapshot)
                && File.ReadAllText(snapshot).Contains(lab.Subnet(2).Subnet, StringComparison.Ordinal),
            "the other host is not in the snapshot");

        Assert.Contains(lab.Subnet(1).Subnet, File.ReadAllText(snapshot), StringComparison.Ordinal);
        EndsCleanly(daemon);
        Assert.True(File.Exists(snapshot), "the next start would not have it");
    }

    // flannel0's addresses, of which there is one.
    private static string TunnelAddress(TestLab lab)
    {
        string[] words = lab.Ip.Run("-n", lab.Host(1).HostNamespace, "-4", "-o", "address", "show", "dev", "flannel0")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return Assert.Single(words.Zip(words.Skip(1)), pair => pair.First == "inet").Second;
    }

    private static void EndsCleanly(RunningProgram daemon)
    {
        Assert.False(daemon.HasExited, daemon.Tail());
        daemon.Signal("TERM");
        Assert.Equal(0, daemon.WaitForExit().ExitCode);
    }
}
