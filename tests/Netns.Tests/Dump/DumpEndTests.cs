using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Capture.Files;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Dump;

/// <summary>What ends a dump too early: what is in its file by then can be read, and the daemon goes on.</summary>
[Collection(nameof(Alone))]
public sealed class DumpEndTests : DumpTest
{
    [Fact]
    public void A_dump_that_is_killed_leaves_a_file_to_read_and_the_daemon_to_the_next()
    {
        string tshark = Require("tshark");
        TestLab lab = NewLab(2);
        _ = lab.BringUp(1, 2);
        string file = Path.Combine(lab.Plan.Directory, "dump.pcapng");
        using RunningProgram dump = Dump(lab, "-w", file, "icmp");
        PingUntil(lab, dump, lab.Pod(2), () => HasGrown(file));
        dump.Signal("KILL");
        Assert.NotEqual(0, dump.WaitForExit().ExitCode);

        AssertRead(tshark, file);
        AssertGoesOn(lab);
    }

    [Fact]
    public async Task A_daemon_that_is_killed_ends_the_dump_with_one_line_and_its_file_whole()
    {
        string tshark = Require("tshark");
        TestLab lab = NewLab(2);
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        string file = Path.Combine(lab.Plan.Directory, "dump.pcapng");
        using RunningProgram dump = Dump(lab, "-w", file, "icmp");
        PingUntil(lab, dump, lab.Pod(2), () => HasGrown(file));
        daemon.Signal("KILL");
        CommandResult ended = dump.WaitForExit();

        Assert.Equal(1, ended.ExitCode);
        AssertOneLineMore(ended, "overlay: no daemon answers at ");
        AssertRead(tshark, file);
        Assert.Equal([0, 1], (await StatisticsAsync(file)).Select(each => each.Interface));
        _ = daemon.WaitForExit();
    }

    [Fact]
    public void A_disk_that_is_full_ends_the_dump_with_one_line_and_what_is_there_can_be_read()
    {
        string tshark = Require("tshark");
        using var disk = new SmallDisk(64);
        TestLab lab = NewLab(2);
        _ = lab.BringUp(1, 2);
        string file = Path.Combine(disk.Path, "dump.pcapng");
        using RunningProgram dump = Dump(lab, "--full", "-w", file, "icmp");
        PingUntil(lab, dump, lab.Pod(2), () => dump.HasExited);
        CommandResult ended = dump.WaitForExit();

        Assert.Equal(1, ended.ExitCode);
        AssertOneLineMore(ended, $"overlay: '{file}' cannot be written any longer (No space left on device");
        AssertRead(tshark, file);
        AssertGoesOn(lab);
    }

    private static bool HasGrown(string file) => new FileInfo(file) is { Exists: true, Length: > 4_000 };

    // After the one that says that it has begun.
    private static void AssertOneLineMore(CommandResult ended, string begin)
    {
        string[] lines = ended.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("capturing packets of ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith(begin, lines[1], StringComparison.Ordinal);
    }

    private static void AssertRead(string tshark, string file)
    {
        CommandResult read = ChildCommand.Run([tshark, "-r", file, "-T", "fields", "-e", "frame.packet_id"]);
        Assert.True(read.Succeeded, read.Error);
        Assert.DoesNotContain("cut short", read.Error, StringComparison.Ordinal);
        IGrouping<string, string>[] numbers =
            [.. read.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).GroupBy(id => id)];
        Assert.NotEmpty(numbers);
        Assert.All(numbers.SkipLast(1), number => Assert.Equal(2, number.Count()));
    }

    private static async Task<IReadOnlyCollection<InterfaceStatistics>> StatisticsAsync(string file)
    {
        await using FileStream stream = File.OpenRead(file);
        CaptureReader reader = await CaptureReader.OpenAsync(stream, TestContext.Current.CancellationToken);
        while (await reader.ReadAsync(TestContext.Current.CancellationToken) is not null)
        {
            // To the end.
        }

        return reader.Statistics;
    }

    // The daemon learns that its client is gone when it next writes to it.
    private static void AssertGoesOn(TestLab lab)
    {
        lab.AwaitPath(1, 2);
        CommandResult? next = null;
        Await(
            () =>
            {
                using RunningProgram dump = Dump(lab, "--count", "2", "icmp");
                PingUntil(lab, dump, lab.Pod(2), () => dump.HasExited);
                next = dump.WaitForExit();
                return next.Succeeded;
            },
            () => $"{next}");
        Assert.Equal(4, next!.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }
}
