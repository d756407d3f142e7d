using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using Overlay.Bench.Reports;
using Overlay.Bench.Results;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Bench;

/// <summary>The benchmark as an operator runs it, only shorter; and what it says when it is lied to.</summary>
[Collection(nameof(Alone))]
public sealed class BenchTests : LabTest
{
    private const string Short = "0.05";

    [Fact]
    public void With_json_and_html_it_prints_one_object_with_spreads_and_writes_the_page()
    {
        string page = Path.Combine(Path.GetTempPath(), $"overlay-t{Environment.ProcessId}-bench.html");
        try
        {
            using var bench = BenchProgram.Start(
                "--json", "--html", page, "--seconds", Short, "--variants",
                "classic,offload-with-a-copy,vxlan-backend,kernel-path", "--peer",
                "routes=ip route add $OVERLAY_BENCH_REMOTE_SUBNET via $OVERLAY_BENCH_REMOTE");
            CommandResult result = bench.End();
            Assert.True(result.ExitCode == 0, result.Error);
            Assert.Empty(result.Error);

            BenchReport report = BenchJson.Read(Encoding.UTF8.GetBytes(result.Output), "standard output");
            Assert.Equal(
                ["classic", "offload-with-a-copy", "vxlan-backend", "kernel-path", "routes"],
                report.Variants.Select(variant => variant.Name));
            Assert.Equal([1472, 1472, 1450, 1472, 1420], report.Variants.Select(variant => variant.Mtu));
            Assert.All(report.Variants, variant =>
            {
                Assert.All(variant.Tcp, tcp => Assert.True(tcp.BitsPerSecond.Minimum > 0, $"{variant.Name}: {tcp}"));
                Assert.All(variant.Udp, udp => Assert.True(udp.PacketsPerSecond.Minimum > 0, $"{variant.Name}: {udp}"));
                Assert.All(variant.Latency, latency => Assert.InRange(latency.P50.Median, 1, latency.P999.Maximum));
            });

            // Counted: a byte crosses between kernel and user space once a call, superpackets with one header for many.
            CountedWorkload flood = report.Variants[0].Counts.Single(count => count.Workload == "udp_64");
            Assert.All(flood.KernelCopiesPerByte.Values, copies => Assert.InRange(copies.Median, 0.5, 1.3));
            Assert.All(flood.UserCopiesPerByte.Values, copies => Assert.Equal(0, copies.Maximum));
            CountedWorkload copied = report.Variants[1].Counts.Single(count => count.Workload == "tcp_1");
            // what was read once, and the headers of its segments
            Assert.InRange(copied.UserCopiesPerByte["outbound"].Median, 0.99, 1.05);
            Assert.All(report.Variants[1].Accelerations.Values, state => Assert.Equal("on", state));
            Assert.All(report.Variants[0].Accelerations.Values, state => Assert.Equal("off", state));
            Assert.Contains("<svg", File.ReadAllText(page), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(page);
        }
    }

    [Fact]
    public void A_tunnel_that_the_traffic_goes_around_ends_the_run_without_figures()
    {
        using var bench = BenchProgram.Start("--json", "--seconds", "1", "--variants", "offload");
        bench.WaitForTraffic(0, 1000);
        LabPlan plan = BenchProgram.Plan(0);
        var ip = new IpCommand();
        SubnetFacts[] subnets = [.. plan.Hosts.Select(host => SubnetFacts.Read(host.SubnetFile))];
        for (int i = 0; i < 2; i++)
        {
            ip.Batch(
                plan.Hosts[i].HostNamespace,
                [$"route add {subnets[1 - i].Subnet} via {plan.Hosts[1 - i].UnderlayAddress}"]);
        }

        CommandResult result = bench.End();
        Refused(result, "flannel0 carried only");
    }

    [Fact]
    public void A_daemon_that_dies_ends_the_run_without_figures()
    {
        using var bench = BenchProgram.Start("--csv", "--seconds", "1", "--variants", "routing,offload");
        bench.WaitForTraffic(1, 1000);
        int id = int.Parse(File.ReadAllText(BenchProgram.Plan(1).Hosts[1].PidFile), CultureInfo.InvariantCulture);
        ChildCommand.Signal("KILL", [id]);

        Refused(bench.End(), "offload: the daemon of h2 has ended with exit code 137");
    }

    [Fact]
    public void A_peer_whose_command_fails_ends_the_run_with_its_last_line()
    {
        using var bench = BenchProgram.Start(
            "--json", "--variants", "direct", "--peer", "broken=echo no such tunnel >&2; exit 3");

        Refused(bench.End(), "broken: ", "its command on host 1 has ended with exit code 3: no such tunnel");
    }

    [Fact]
    public void A_full_disk_ends_the_run_with_one_line_and_leaves_no_half_a_page()
    {
        using var disk = new SmallDisk(kilobytes: 16);
        using var bench = BenchProgram.Start(
            "--json", "--html", Path.Combine(disk.Path, "page.html"), "--seconds", Short, "--variants", "routing");

        Refused(bench.End(), "could not write --html", "the disk was full");
        Assert.Empty(Directory.EnumerateFiles(disk.Path));
    }

    [Fact]
    public void A_run_that_was_killed_is_removed_by_down_and_by_the_next_run()
    {
        using (var killed = BenchProgram.Start("--json", "--seconds", "1", "--variants", "offload"))
        {
            killed.WaitForTraffic(0, 1000);
            using var second = BenchProgram.Start("--variants", "direct");
            CommandResult refused = second.Wait();
            Assert.Equal((1, string.Empty), (refused.ExitCode, refused.Output));
            Assert.Contains("another run is measuring (process ", refused.Error, StringComparison.Ordinal);
            killed.Signal("KILL");
            _ = killed.Wait();
        }

        Assert.NotEmpty(LabNamespace.OfLab(BenchProgram.Plan(0).Prefix));
        CommandResult down = ChildCommand.Run([RunningProgram.BenchPath, "bench", "down"]);
        Assert.Equal((0, string.Empty), (down.ExitCode, down.Error));
        Assert.StartsWith("removed ", down.Output, StringComparison.Ordinal);
        BenchProgram.NothingIsLeft();
        Assert.Equal("nothing to remove\n", ChildCommand.Run([RunningProgram.BenchPath, "bench", "down"]).Output);
    }

    [Fact]
    public void Figures_that_cannot_be_printed_leave_no_page_either()
    {
        string page = Path.Combine(Path.GetTempPath(), $"overlay-t{Environment.ProcessId}-unprinted.html");
        Prerequisites.Require();
        CommandResult result = ChildCommand.Run(
            ["/bin/sh", "-c", $"exec \"$0\" bench --quick --seconds {Short} --variants direct --html {page} "
                + ">/dev/full", RunningProgram.BenchPath]);

        Refused(result, "No space left on device");
        Assert.Empty(Directory.EnumerateFiles(Path.GetTempPath(), $"{Path.GetFileName(page)}*"));
        BenchProgram.NothingIsLeft();
    }

    [Fact]
    public void An_interrupted_run_leaves_nothing_behind_and_says_so()
    {
        using var bench = BenchProgram.Start("--json", "--seconds", "1", "--variants", "offload");
        bench.WaitForTraffic(0, 1000);
        bench.Signal("INT");
        CommandResult result = bench.End();

        Assert.Equal((130, string.Empty), (result.ExitCode, result.Output));
        Assert.Equal("overlay bench: interrupted; there are no figures", result.Error.Trim());
    }

    private static void Refused(CommandResult result, params string[] parts)
    {
        Assert.Equal((1, string.Empty), (result.ExitCode, result.Output));
        string line = Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.All(parts, part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.EndsWith("there are no figures", line, StringComparison.Ordinal);
    }
}
