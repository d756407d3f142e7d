using System.Collections.Generic;
using System.Linq;
using Overlay.Bench.Results;
using Overlay.Bench.Variants;

namespace Overlay.Bench.Reports;

/// <summary>What is said everywhere of user-space encapsulation, and what was counted.</summary>
internal static class CopyClaim
{
    /// <summary>The claim, in its own words.</summary>
    internal const string Text =
        "packets must be sent from the original container process and then copied three times between user space and "
            + "kernel space";

    /// <summary>Copies that it claims.</summary>
    internal const int Copies = 3;

    private const string OneMore = "One more copy", FourMore = "Four more copies";

    /// <summary>
    /// Copies of each byte on the host that sends: one when the application sends, which every way has and nobody needs
    /// to count, and those counted when the tunnel's program reads the packet and when it sends it.
    /// </summary>
    /// <returns>Null where one of them was not counted.</returns>
    internal static Spread? OnSendingHost(CountedWorkload counted) => WithApplication(counted, "tun_read", "udp_send");

    /// <summary>
    /// Copies of each byte on the host that receives: two counted, and one when the application receives.
    /// </summary>
    /// <returns>Null where one of them was not counted.</returns>
    internal static Spread? OnReceivingHost(CountedWorkload counted) =>
        WithApplication(counted, "udp_receive", "tun_write");

    /// <summary>
    /// What more copies each way cost, one sentence for each figure; or why that cannot be said. One copy may cost less
    /// than two rounds differ; four tell more.
    /// </summary>
    internal static IEnumerable<string> CostOfACopy(BenchReport report, FigureText text)
    {
        VariantReport? plain = report.Variants.FirstOrDefault(variant => variant.Name == Variant.Offload);
        (string Copies, VariantReport Variant)[] copying =
        [
            .. from each in ((string Copies, string Name)[])[
                (OneMore, Variant.OffloadWithACopy), (FourMore, Variant.OffloadWithCopies)]
               let variant = report.Variants.FirstOrDefault(variant => variant.Name == each.Name)
               where variant is not null
               select (each.Copies, variant),
        ];
        return plain is null || copying.Length == 0
            ? [$"What one more copy costs was not measured: that takes {Variant.Offload} and "
            + $"{Variant.OffloadWithACopy}."]
            : copying.SelectMany(each => Costs(each.Copies, plain, each.Variant, text));
    }

    private static IEnumerable<string> Costs(string copies, VariantReport plain, VariantReport copying, FigureText text)
    {
        yield return OneStream(plain) is { } fast && OneStream(copying) is { } slow
            ? Cost(
                text, copies, "of one TCP stream", "the throughput of one TCP stream", Units.BitsPerSecond, fast, slow)
            : $"What {copies.ToLowerInvariant()} cost in Gbit/s was not measured.";
        yield return StageTime(plain) is { } brief && StageTime(copying) is { } longer
            ? Cost(
                text, copies, "in the daemons for each packet of that "
                    + "stream", "the daemons' time for each packet of it", Units.NanosecondsPerPacket, brief, longer)
            : $"What {copies.ToLowerInvariant()} cost in ns for each packet was not counted.";
    }

    private static string Cost(
        FigureText text, string copies, string what, string topic, string unit, Spread plain, Spread copying)
    {
        bool isRate = unit == Units.BitsPerSecond;
        (string name, double divisor) = isRate ? text.Display(unit) : ("ns", 1);
        string both = $"{text.Of(plain, divisor)} {name} without, {text.Of(copying, divisor)} {name} with";
        if (!plain.IsApartFrom(copying))
        {
            return $"{copies} of every byte each way: no verdict on {topic}, the ranges overlap ({both}).";
        }

        (Spread more, Spread less) = plain.Median > copying.Median ? (plain, copying) : (copying, plain);
        bool isCost = isRate == plain.Median > copying.Median;
        string costs = isCost
            ? copies == OneMore ? "costs" : "cost"
            : copies == OneMore ? "was, unexpectedly, a gain of" : "were, unexpectedly, a gain of";
        return $"{copies} of every byte each way {costs} {text.Difference(more, less, divisor)} {name} {what} "
            + $"({both}).";
    }

    private static Spread? OneStream(VariantReport variant) =>
        variant.Tcp.FirstOrDefault(tcp => Figures.TestOf(tcp) == Figures.OneStream)?.BitsPerSecond;

    private static Spread? StageTime(VariantReport variant) =>
        CountedSums.OneStream(variant) is { } counted ? CountedSums.StageTime(counted) : null;

    private static Spread? WithApplication(CountedWorkload counted, string first, string second) =>
        counted.KernelCopiesPerByte.TryGetValue(first, out Spread? one)
            && counted.KernelCopiesPerByte.TryGetValue(second, out Spread? other)
            ? FigureText.Sum([one, other, Spread.Of([.. one.Samples.Select(_ => 1.0)])])
            : null;
}
