using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Dump;

/// <summary><c>overlay dump</c> of a real daemon: each backend, each way that packets go.</summary>
[Collection(nameof(Alone))]
public sealed class DumpTests : DumpTest
{
    [Theory]
    [InlineData("udp", "user", 8285)]
    [InlineData("udp", "user", 9285)]
    [InlineData("udp", "kernel", 8285)]
    [InlineData("udp", "kernel", 9285)]
    [InlineData("vxlan", null, 8472)]
    [InlineData("vxlan", null, 9472)]
    [InlineData("host-gw", null, 0)]
    public void Both_directions_of_a_ping_are_shown_outer_and_inner_whoever_forwards(
        string backend, string? datapath, int port)
    {
        TestLab lab = NewLab(
            2, $$$"""{"Network":"10.244.0.0/16","Backend":{"Type":"{{{backend}}}","Port":{{{port}}}}}""");
        lab.Datapath = datapath;
        _ = lab.BringUp(1, 2);
        using RunningProgram dump = Dump(lab, "icmp and host", $"{lab.Pod(2)}");
        PingUntil(
            lab, dump, lab.Pod(2),
            () => dump.Output.Any(line => line.Contains("echo reply", StringComparison.Ordinal)));
        CommandResult ended = Stop(dump);

        string request = ended.Output.Split('\n').First(
            line => line.Contains("echo request", StringComparison.Ordinal));
        Assert.Contains($"{lab.Pod(1)} > {lab.Pod(2)}: ICMP echo request", request, StringComparison.Ordinal);
        if (backend != "host-gw")
        {
            Assert.Contains("inner", request, StringComparison.Ordinal);
            Assert.Contains(
                backend == "udp" ? $"172.16.0.5.{port} > 172.16.0.4.{port}" : $"172.16.0.4.{port}: VXLAN",
                ended.Output, StringComparison.Ordinal);
        }

        Assert.Contains(" wanted, 0 over the budget, 0 lost by the kernel", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_daemon_drops_is_shown_with_its_reason_and_nothing_else_on_request()
    {
        TestLab lab = NewLab(2);
        _ = lab.BringUp(1, 2);
        using RunningProgram dump = Dump(lab, "--drops");
        PingUntil(
            lab, dump, IPAddress.Parse(NoLease),
            () => dump.Output.Any(line => line.Contains("dropped: no_route", StringComparison.Ordinal)),
            also: lab.Pod(2));
        CommandResult ended = Stop(dump);
        Assert.All(
            ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.Contains($"> {NoLease}: ICMP echo request", line, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_has_both_sides_of_each_packet_under_one_number_and_the_tools_agree_on_the_counts()
    {
        string tshark = Require("tshark");
        string capinfos = Require("capinfos");
        TestLab lab = NewLab(2);
        _ = lab.BringUp(1, 2);
        string file = Path.Combine(lab.Plan.Directory, "dump.pcapng");
        using RunningProgram dump = Dump(lab, "--full", "-w", file, "icmp");
        PingUntil(lab, dump, lab.Pod(2), () => new FileInfo(file) is { Exists: true, Length: > 2_000 });
        PingUntil(lab, dump, IPAddress.Parse(NoLease), () => File.ReadAllText(file).Contains(
            "dropped: no_route", StringComparison.Ordinal));
        CommandResult ended = Stop(dump);
        long shown = long.Parse(ended.Error.Trim().Split('\n')[^1].Split(' ')[0], CultureInfo.InvariantCulture);

        CommandResult read = ChildCommand.Run(
        [
            tshark, "-r", file, "-T", "fields", "-e", "frame.packet_id", "-e", "frame.interface_name", "-e", "ip.dst",
        ]);
        Assert.True(read.Succeeded, read.Error);
        Assert.DoesNotContain("arning", read.Error, StringComparison.Ordinal);
        string[][] packets = [.. read.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t'))];
        IGrouping<string, string[]>[] numbers = [.. packets.GroupBy(packet => packet[0])];
        Assert.Equal(shown, numbers.Length);
        Assert.All(numbers, number => Assert.Equal(
            number.Any(packet => packet[2] == NoLease) ? ["flannel0"] : ["flannel0", "underlay"],
            number.Select(packet => packet[1]).Order(StringComparer.Ordinal)));
        Assert.Contains(numbers, number => number.Count() == 2);
        Assert.Contains(numbers, number => number.Count() == 1);

        CommandResult counted = ChildCommand.Run([capinfos, "-c", "-T", "-r", "-M", file]);
        Assert.Contains($"\t{packets.Length}", counted.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_over_the_budget_is_counted_to_the_packet()
    {
        TestLab lab = NewLab(2);
        _ = lab.BringUp(1, 2);
        using RunningProgram dump = Dump(lab, "--rate", "1", "udp");
        dump.AwaitError("capturing packets of flannel0");
        UdpResult sent = UdpBlast.Measure(
            lab.Host(1).PodNamespace, lab.Host(2).PodNamespace, lab.Pod(2), 64, TimeSpan.FromMilliseconds(300),
            TestContext.Current.CancellationToken);
        long forwarded = lab.Counters(1).Outbound.Packets;
        Assert.True(sent.Received > 0 && forwarded >= sent.Received);
        CommandResult ended = Stop(dump);

        string[] words = ended.Error.Trim().Split('\n')[^1].Split(' ');
        (long shown, long wanted, long lost) = (Number(words[0]), Number(words[2]), Number(words[4]));
        Assert.Equal(wanted, shown + lost);
        Assert.InRange(wanted, sent.Received, forwarded);
        Assert.True(lost > 0, ended.Error);

        static long Number(string word) => long.Parse(word, CultureInfo.InvariantCulture);
    }

    [Theory]
    [InlineData("udp prot 8285", "prot")]
    [InlineData("host", "at character 5 of the filter")]
    public void A_filter_that_is_none_is_refused_with_what_is_wrong_in_it(string filter, string word)
    {
        CommandResult refused = ChildCommand.Run([RunningProgram.OverlayPath, "dump", .. filter.Split(' ')]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(word, Assert.Single(refused.Error.Trim().Split('\n')), StringComparison.Ordinal);
    }
}
