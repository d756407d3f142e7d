using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Daemon.Leases;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Net;
using Xunit;
using static Overlay.Daemon.Tests.Leases.LoopRig;

namespace Overlay.Daemon.Tests.Leases;

/// <summary>What a daemon keeps for a start without the store, and when.</summary>
public sealed class SnapshotTests
{
    private static readonly SubnetLease s_peer = LeaseOf("10.5.99.0", "192.168.0.99");

    [Fact]
    public void What_is_written_is_read_again_to_the_letter()
    {
        var config = NetworkConfig.Parse("{ \"Network\": \"10.5.0.0/16\",\n\t\"Comment\": \"Größe \\\"1\\\"\" }");
        var snapshot = new LeaseSnapshot(
            new DateTimeOffset(
                2026, 3, 4, 5, 6, 7, 890, TimeSpan.Zero), "etcd http://10.0.0.1:2379/coreos.com/network", config,
            LeaseOf("10.5.34.0", "192.168.0.34", new DateTimeOffset(2026, 3, 5, 5, 6, 7, TimeSpan.Zero)),
            [
                s_peer,
                s_peer with
                {
                    Subnet = Subnet("10.5.98.0/24"),
                    Attributes = s_peer.Attributes with
                    {
                        Backend = new BackendLeaseData("vxlan", """{"VNI":1}""", "[2]"),
                    },
                },
            ]);

        LeaseSnapshot read = LeaseSnapshotJson.Read(LeaseSnapshotJson.Write(snapshot));

        Assert.Equal(snapshot with { Peers = [] }, read with { Peers = [] });
        Assert.Equal(snapshot.Peers, read.Peers);
        Assert.Equal(config.Json, read.Config.Json);
    }

    [Fact]
    public void A_reservation_stays_one()
    {
        var snapshot = new LeaseSnapshot(DateTimeOffset.UnixEpoch, "s", Config, s_peer, []);

        Assert.Equal(DateTimeOffset.MaxValue, LeaseSnapshotJson.Read(LeaseSnapshotJson.Write(snapshot)).Own.Expires);
    }

    [Fact]
    public void Only_what_a_killed_writer_of_the_snapshot_left_is_removed_from_the_run_directory()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("overlay-snapshot-");
        try
        {
            string others = Path.Combine(directory.FullName, ".mine.tmp");
            string leftover = Path.Combine(directory.FullName, ".leases.json.0123456789abcdef.tmp");
            File.WriteAllText(others, "precious");
            File.WriteAllText(leftover, "half");

            new SnapshotFile(directory.FullName, new LineLog()) { Health = new HealthBoard(TimeProvider.System) }
                .Write(new LeaseSnapshot(DateTimeOffset.UnixEpoch, "s", Config, s_peer, []));

            Assert.True(File.Exists(others));
            Assert.False(File.Exists(leftover));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_device_in_the_snapshots_place_is_one_warning_and_is_not_read()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("overlay-snapshot-");
        try
        {
            File.CreateSymbolicLink(Path.Combine(directory.FullName, "leases.json"), "/dev/zero");
            var log = new LineLog();

            var file = new SnapshotFile(directory.FullName, log) { Health = new HealthBoard(TimeProvider.System) };

            Assert.Null(file.Read(_ => null));
            Assert.Contains("not a regular file", Assert.Single(log.Lines), StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_burst_of_changes_is_written_once_a_second_after_its_first()
    {
        await using var rig = new LoopRig();
        await rig.BeginAsync(s_peer);
        for (int i = 0; i < 50; i++)
        {
            rig.Store.Tell(
                new LeaseUpdate.Changes([LeaseChange.Put(LeaseOf($"10.5.{i + 100}.0", $"192.168.0.{i + 100}"))]));
        }

        rig.Store.Tell(new LeaseUpdate.Gap("the end of the burst"));
        await rig.UntilSaid("the end of the burst"); // one after the other, so all are done with
        Assert.Null(rig.Saved());
        await rig.UntilWhile(SnapshotWriter.Gather, () => rig.Saved() is not null);

        Assert.Equal(51, rig.Saved()?.Peers.Count);
        Assert.Equal(
            (rig.Own, "scripted", Config.Json), (rig.Saved()!.Own, rig.Saved()!.Store, rig.Saved()!.Config.Json));
    }

    [Fact]
    public async Task Before_the_first_answer_of_the_store_nothing_is_written_over_what_an_earlier_daemon_knew()
    {
        await using var rig = new LoopRig();
        rig.Snapshots.Write(new LeaseSnapshot(DateTimeOffset.UnixEpoch, "earlier", Config, rig.Own, [s_peer]));
        rig.Store.Tell(new LeaseUpdate.Gap("away"));
        rig.Store.Tell(new LeaseUpdate.OwnInQuestion("test"));
        await rig.UntilSaid("Lease renewed, new expiration:");

        await rig.StopAsync();

        Assert.Equal("earlier", rig.Saved()?.Store);
    }

    [Fact]
    public async Task What_a_daemon_that_was_killed_while_writing_has_left_is_removed()
    {
        await using var rig = new LoopRig();
        await File.WriteAllTextAsync(
            Path.Combine(rig.Directory, ".leases.json.0123.tmp"), "half", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(rig.Directory, "pid"), "1", TestContext.Current.CancellationToken);

        rig.Snapshots.Write(new LeaseSnapshot(DateTimeOffset.UnixEpoch, "s", Config, rig.Own, []));

        Assert.Equal(
            ["leases.json", "pid"], Directory.EnumerateFileSystemEntries(rig.Directory).Select(Path.GetFileName).Order(
                StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_stop_writes_what_has_not_been_written_yet()
    {
        await using var rig = new LoopRig();
        await rig.BeginAsync(s_peer);
        await rig.StopAsync();

        Assert.Equal([s_peer], rig.Saved()?.Peers);
    }

    [Fact]
    public async Task A_renewal_is_written_with_its_new_end()
    {
        await using var rig = new LoopRig();
        await rig.BeginAsync(s_peer);
        rig.Time.Advance(TimeSpan.FromHours(23));
        await rig.UntilSaid("Lease renewed, new expiration:");
        await rig.UntilWhile(SnapshotWriter.Gather, () => rig.Saved()?.Own.Expires > rig.Own.Expires);
    }

    [Fact]
    public async Task Another_subnet_is_written_with_who_has_the_lost_one_among_the_peers()
    {
        await using var rig = new LoopRig();
        SubnetLease next = LeaseOf("10.5.77.0", "192.168.0.34");
        rig.Store.Renew = _ => throw new LeaseLostException("held by another");
        rig.Store.Acquire = _ => new AcquiredLease(next, IsNew: true);
        await rig.BeginAsync(s_peer);
        rig.Store.Tell(new LeaseUpdate.Changes([LeaseChange.Put(LeaseOf("10.5.34.0", "192.168.0.9"))]));
        await Until(() => !rig.Moves.IsEmpty);
        await rig.UntilWhile(SnapshotWriter.Gather, () => rig.Saved()?.Own == next);

        Assert.Equal(
            ["10.5.34.0/24", "10.5.99.0/24"], rig.Saved()!.Peers.Select(peer => peer.Subnet.ToString()).Order());
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_is_one_warning_until_it_could_be_again_and_harms_nothing()
    {
        await using var rig = new LoopRig();
        await rig.BeginAsync(s_peer);
        Directory.CreateDirectory(rig.Snapshots.Path); // a file cannot be moved over a directory, for root neither
        string failure = $"the snapshot {rig.Snapshots.Path} could not be written";
        await rig.UntilWhile(SnapshotWriter.Gather, () => rig.TimesSaid(failure) == 1);
        for (int i = 0; i < 3; i++)
        {
            rig.Snapshots.Write(new LeaseSnapshot(DateTimeOffset.UnixEpoch, "s", Config, rig.Own, []));
        }

        Assert.Equal(1, rig.TimesSaid(failure));
        Assert.Equal([HealthCodes.SnapshotNotWritten], rig.Health.ReadAll().Select(warning => warning.Code));
        // no part of one
        Assert.Equal(["leases.json"], Directory.EnumerateFileSystemEntries(rig.Directory).Select(Path.GetFileName));
        Assert.Equal(1, rig.Cell.Current.Count);
        Directory.Delete(rig.Snapshots.Path);
        rig.Store.Tell(new LeaseUpdate.Changes([LeaseChange.Removed(s_peer.Subnet)]));
        await rig.UntilWhile(SnapshotWriter.Gather, () => rig.Saved()?.Peers.Count == 0);
        Assert.Empty(rig.Health.ReadAll());
    }

    private static Ipv4Prefix Subnet(string text) =>
        Ipv4Prefix.TryParse(text, out Ipv4Prefix subnet) ? subnet : throw new FormatException(text);
}
