using System;
using System.Linq;
using Overlay.Bench.Reports;
using Overlay.Bench.Results;
using Overlay.Bench.Variants;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Bench.Tests;

public sealed class BenchTableTests
{
    [Fact]
    public void A_row_has_the_median_with_its_range_and_how_it_compares_with_direct()
    {
        string[] lines = Lines(Samples.Three);

        string[] throughput = Section(lines, "Throughput");
        Assert.Equal(["VARIANT", "TEST", "GBIT/S", "×", "DIRECT", "CPU", "%"], Words(throughput[0]));
        Assert.Equal(["direct", "tcp_1", "41.2", "[40.0–42.4]", "1.00×", "97.1", "[94.2–100]"], Words(throughput[1]));
        Assert.Equal(["vxlan", "tcp_1", "24.9", "[24.2–25.6]", "0.604×", "97.1", "[94.2–100]"], Words(throughput[2]));
        Assert.Equal(1 + 3 * 6, throughput.Length);

        Assert.Equal(["offload", "udp_64", "569", "[512–626]", "0.609×"], Words(Section(lines, "Packets")[3])[..5]);
        Assert.Equal(
            ["direct", "udp_rr_idle", "22.0", "[21.3–22.7]", "1.00×"], Words(Section(lines, "Latency")[1])[..5]);
        Assert.Equal(["direct", "0.182", "[0.177–0.187]", "1.00×"], Words(Section(lines, "CPU")[1])[..4]);
        string[] counts = Section(lines, "Counts");
        Assert.Equal(["offload", "tcp_1", "0.111", "[0.108–0.114]"], Words(counts[1])[..4]);
        Assert.Contains("not counted, because no metered daemon of ours carries their packets: direct, vxlan", counts);
        Assert.Equal(["offload", "131", "[127–135]", "kernel_tun_queue", "81240,", "no_route", "3"], Words(
            Section(lines, "Memory")[3]));
    }

    [Fact]
    public void The_machine_comes_first_and_what_to_think_of_before_believing_it()
    {
        string[] lines = Lines(Samples.Three);
        Assert.Contains(lines, line => line.StartsWith("processor  AMD EPYC 9354 32-Core Processor, 2 usable, 2 "
            + "threads a core, governor perf", StringComparison.Ordinal));
        Assert.Contains("method     5 rounds in turn, 3 s each after 1 s that do not count", lines);
        Assert.Contains(lines, line => line.StartsWith("Note: veth on one host is no wire", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("is shared", StringComparison.Ordinal));

        BenchEnvironment environment = Samples.Three.Environment with { IsShared = true, StealPercent = 12.5 };
        string[] shared = Lines(Samples.Three with { Environment = environment });
        Assert.Contains(shared, line => line.StartsWith(
            "Note: This machine is shared: the hypervisor took 12.5 %", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(TextTable.Unlimited)]
    [InlineData(60)]
    public void Without_unicode_there_is_nothing_but_ascii_whatever_others_are_called(int width)
    {
        BenchReport report = Samples.Fifteen.With(
            Samples.PeerName, variant => variant with { Name = "flannel–ü\e[31m\n日本" });

        string[] lines = [.. BenchTable.Lines(report, unicode: false, width)];

        Assert.All(lines, line => Assert.DoesNotContain(line, letter => letter is < ' ' or > '~'));
        Assert.Contains(lines, line => line.Contains("0.604x", StringComparison.Ordinal)
            || line.Contains("[24.2-25.6]", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("flannel???[31m???", StringComparison.Ordinal));
    }

    [Fact]
    public void A_narrow_terminal_gets_no_line_that_it_would_fold() => Assert.All(
        BenchTable.Lines(Samples.Three, unicode: true, 80)
            .SkipWhile(line => !line.StartsWith("Throughput", StringComparison.Ordinal))
            .Where(line => line.StartsWith(' ') || line.StartsWith('─')),
        line => Assert.InRange(line.Length, 0, 80));

    [Fact]
    public void What_was_not_measured_is_named_in_its_section()
    {
        BenchReport report =
            Samples.Three with { Variants = [Samples.Three.Variant("offload") with { Tcp = [], Latency = [] }] };

        string[] lines = Lines(report);

        Assert.Equal(["not measured"], Section(lines, "Throughput"));
        Assert.Equal(["not measured"], Section(lines, "Latency"));
        Assert.Equal("569 [512–626]", string.Join(' ', Words(Section(lines, "Packets")[1])[2..4]));
    }

    [Fact]
    public void What_a_copy_costs_is_reported_with_its_range_and_only_where_the_ranges_are_apart()
    {
        string[] apart = [.. CopyClaim.CostOfACopy(Samples.Fifteen, FigureText.Unicode)];
        Assert.Equal(
            [
                "One more copy of every byte each way costs 2.70 [1.86–3.54] Gbit/s of one TCP stream (15.3 "
                    + "[14.8–15.8] Gbit/s without, 12.6 [12.2–13.0] Gbit/s with).",
                "One more copy of every byte each way costs 249 [195–304] ns in the daemons for each packet of that "
                    + "stream (781 [757–804] ns without, 1030 [999–1061] ns with).",
            ],
            apart);

        BenchReport same = Samples.Fifteen.With(
            Variant.OffloadWithACopy, copying => Samples.Fifteen.Variant(Variant.Offload) with { Name = copying.Name });
        Assert.All(CopyClaim.CostOfACopy(same, FigureText.Unicode), sentence =>
        {
            Assert.Contains("no verdict", sentence, StringComparison.Ordinal);
            Assert.DoesNotContain("costs", sentence, StringComparison.Ordinal);
        });
        Assert.Equal(
            ["What one more copy costs was not measured: that takes offload and offload-with-a-copy."],
            CopyClaim.CostOfACopy(Samples.Three, FigureText.Unicode));
    }

    [Fact]
    public void The_claims_three_copies_are_the_applications_own_and_the_two_that_were_counted()
    {
        CountedWorkload counted = Samples.Three.Variant("offload").Counts[0];

        Assert.Equal("3.01 [3.01–3.01]", FigureText.Unicode.Of(CopyClaim.OnSendingHost(counted)!));
        Assert.Equal("3.01 [3.01–3.01]", FigureText.Unicode.Of(CopyClaim.OnReceivingHost(counted)!));
        Assert.Null(CopyClaim.OnSendingHost(counted with { KernelCopiesPerByte = counted.UserCopiesPerByte }));
    }

    [Theory]
    [InlineData(0, "0 [0–0]")]
    [InlineData(0.000123, "0.00012 [0.00012–0.00013]")]
    [InlineData(0.0456, "0.0456 [0.0445–0.0467]")]
    [InlineData(9.994, "9.99 [9.74–10.2]")]
    [InlineData(4567, "4567 [4453–4681]")]
    public void Figures_have_three_digits_or_all_before_the_point(double middle, string expected) =>
        Assert.Equal(expected, FigureText.Unicode.Of(Samples.Around(middle, 0.05)));

    [Fact]
    public void The_headline_in_markdown_has_a_row_for_each_variant_and_its_cells_hold()
    {
        string[] lines = BenchMarkdown.Headline(Samples.Fifteen).Split('\n');

        Assert.Equal(BenchMarkdown.Headings.Count + 1, lines[0].Count(letter => letter == '|'));
        Assert.Equal(
            "| offload | 15.3 [14.8–15.8] | 0.371× | 569 [512–626] | 23.7 [23.0–24.4] | 94.0 [79.9–108] | 0.490 "
                + "[0.475–0.505] | 0.111 [0.108–0.114] | 0 [0–0] |", lines[8]);
        Assert.StartsWith(
            @"| peer \<b\>\&""WWWWW""\</b\> flanneld the real \| | 1.08", lines[16], StringComparison.Ordinal);
        Assert.Contains("no wire", lines[18], StringComparison.Ordinal);
    }

    private static string[] Lines(BenchReport report) =>
        [.. BenchTable.Lines(report, unicode: true, TextTable.Unlimited)];

    // Without title and rule, up to the empty line.
    private static string[] Section(string[] lines, string title) =>
        [.. lines.SkipWhile(
            line => !line.StartsWith(title, StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.Length > 0)];

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
