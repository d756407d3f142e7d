using System;
using System.IO;
using System.Linq;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Dump;

/// <summary>The extcap program as Wireshark runs it, with a daemon and <c>overlay dump</c>.</summary>
[Collection(nameof(Alone))]
public sealed class DumpExtcapTests : DumpTest
{
    private static readonly string s_extcap = Path.Combine(Repository.Root, "dist", "wireshark", "overlay-extcap");

    [Fact]
    public void What_wireshark_reads_from_the_pipe_has_both_sides_of_each_packet()
    {
        string tshark = Require("tshark");
        TestLab lab = NewLab(2);
        _ = lab.BringUp(1, 2);
        Assert.Contains(
            "interface {value=overlay}", Run(lab, s_extcap, "--extcap-interfaces", "--extcap-version=4.0"),
            StringComparison.Ordinal);
        Assert.StartsWith(
            "dlt {number=101}", Run(lab, s_extcap, "--extcap-dlts", "--extcap-interface", "overlay"),
            StringComparison.Ordinal);

        string fifo = Path.Combine(lab.Plan.Directory, "wireshark.fifo");
        string copy = Path.Combine(lab.Plan.Directory, "copy.pcapng");
        Assert.True(ChildCommand.Run(["mkfifo", "-m", "600", fifo]).Succeeded);
        using var reader = RunningProgram.Start(["sh", "-c", "exec cat \"$0\" >\"$1\"", fifo, copy]);
        using var capture = RunningProgram.Start(Words(
            lab, s_extcap, "--capture", "--extcap-interface", "overlay", "--fifo", fifo, "--extcap-capture-filter",
            "inner icmp", "--full", "true"));
        PingUntil(lab, capture, lab.Pod(2), () => new FileInfo(copy) is { Exists: true, Length: > 4_000 });

        // As Wireshark stops it (extcap.c).
        capture.Signal("TERM");
        CommandResult ended = capture.WaitForExit();
        Assert.Equal(0, reader.WaitForExit().ExitCode);
        Print(ended.Error);

        CommandResult read = ChildCommand.Run(
        [
            tshark, "-r", copy, "-X", $"lua_script:{Path.Combine(Repository.Root, "dist", "wireshark", "overlay.lua")}",
            "-T", "fields", "-e", "frame.packet_id", "-e", "frame.interface_name", "-e", "ip.dst", "-e", "icmp.type",
        ]);
        Assert.True(read.Succeeded, read.Error);
        string[][] packets = [.. read.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t'))];
        Assert.All(packets, packet => Assert.Contains(packet[3], (string[])["8", "0"]));
        Assert.All(
            packets.GroupBy(packet => packet[0]), number => Assert.Equal(
                ["flannel0", "underlay"], number.Select(packet => packet[1]).Order(StringComparer.Ordinal)));
        Assert.Contains(packets, packet => packet[1] == "underlay" && packet[2] == $"172.16.0.4,{lab.Pod(2)}");
    }

    // The daemon's run directory is where a host has it, and overlay is in the path.
    private static string[] Words(TestLab lab, params string[] words) =>
    [
        lab.Ip.ProgramPath, "netns", "exec", lab.Host(1).HostNamespace, "sh", "-e", "-c",
        "mount -t tmpfs none /run; mkdir /run/overlay /run/bin; mount --bind \"$0\" /run/overlay; "
            + "ln -s \"$1\" /run/bin/overlay; shift; PATH=/run/bin:$PATH exec \"$@\"",
        lab.Host(1).RunDirectory, RunningProgram.OverlayPath, .. words,
    ];

    private static string Run(TestLab lab, params string[] words)
    {
        CommandResult result = ChildCommand.Run(Words(lab, words));
        Assert.True(result.Succeeded, result.Error);
        return result.Output;
    }
}
