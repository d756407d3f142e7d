using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json.Serialization;
using Overlay.Bench.Results;

namespace Overlay.Bench.Capturing;

/// <summary>What captures cost.</summary>
/// <param name="Cases">Without a capture first, then with each.</param>
internal sealed record CaptureFigures(IReadOnlyList<CaptureCase> Cases)
{
    /// <summary>
    /// For people: medians, and the median of what each round has as a share of the same round without a capture. The
    /// machine's mood changes from round to round more than a capture costs.
    /// </summary>
    internal string ToText()
    {
        var text = new StringBuilder();
        CaptureCase without = Cases[0];
        int width = Cases.Max(each => each.Name.Length);
        foreach (CaptureCase each in Cases)
        {
            text.Append(CultureInfo.InvariantCulture, $"{each.Name.PadRight(width)}  ")
                .Append(CultureInfo.InvariantCulture, $"TCP {each.TcpGigabits.Median,6:0.00} Gbit/s ")
                .Append(CultureInfo.InvariantCulture, $"({Share(each.TcpGigabits, without.TcpGigabits):0.000})")
                .Append(CultureInfo.InvariantCulture, $"   UDP 64 B {each.UdpKpps.Median,7:0.0} kpps ")
                .Append(CultureInfo.InvariantCulture, $"({Share(each.UdpKpps, without.UdpKpps):0.000})\n");
        }

        return text.ToString();
    }

    private static double Share(Spread of, Spread without) =>
        Spread.Of([.. of.Samples.Zip(without.Samples, (one, other) => one / other)]).Median;
}

/// <summary>One way of capturing.</summary>
/// <param name="Name">In a few words.</param>
/// <param name="TcpGigabits">One stream, in Gbit/s.</param>
/// <param name="UdpKpps">Datagrams of 64 bytes flat out, delivered, in thousands a second.</param>
internal sealed record CaptureCase(string Name, Spread TcpGigabits, Spread UdpKpps);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CaptureFigures))]
internal sealed partial class CaptureJson : JsonSerializerContext;
