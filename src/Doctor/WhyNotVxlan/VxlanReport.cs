using System.Collections.Generic;
using System.Linq;
using Overlay.Terminal;

namespace Overlay.Doctor.WhyNotVxlan;

/// <summary>What speaks for and against VXLAN on a host.</summary>
/// <param name="Points">In the order in which they were looked at.</param>
internal sealed record VxlanReport(IReadOnlyList<VxlanPoint> Points)
{
    private const string Beyond =
        "what lies between the hosts cannot be seen from here: clouds and hypervisors may drop VXLAN (ESXi takes port "
            + "8472 for its own). overlay run --fallback udp tries both ways to each peer and uses the one that works";

    private const string Switch =
        "nothing on this host speaks against VXLAN, which costs less than udp. To change over: put "
            + "\"Backend\":{\"Type\":\"vxlan\"} into the network config (overlay config put), then restart the daemon "
            + "of every host, and the pods, whose MTU is another";

    /// <summary>Whether nothing speaks against it.</summary>
    internal bool CanWork => Points.All(point => point.IsGood != false);

    /// <summary>0 when nothing speaks against it, else 1.</summary>
    internal int ExitCode => CanWork ? 0 : 1;

    /// <summary>A line for each point, those that speak against it with what to do; then the verdict.</summary>
    internal IEnumerable<string> Lines()
    {
        foreach (VxlanPoint point in Points)
        {
            string sign = point.IsGood switch { true => "✓", false => "✗", null => "i" };
            yield return TerminalText.Mask($"{sign} {point.Subject,-9} {point.Found}");
            if (point.IsGood == false)
            {
                yield return TerminalText.Mask($"  fix       {point.Fix}");
            }
        }

        yield return "";
        yield return CanWork
            ? Switch
            : "VXLAN does not work here as things are: "
                + string.Join(", ", Points.Where(point => point.IsGood == false).Select(point => point.Subject));
        yield return Beyond;
    }

    /// <summary>One JSON object.</summary>
    internal string ToJson()
    {
        return JsonText.Write(writer =>
        {
            writer.WriteBoolean("can_work", CanWork);
            writer.WriteStartArray("points");
            foreach (VxlanPoint point in Points)
            {
                writer.WriteStartObject();
                writer.WriteString("subject", point.Subject);
                if (point.IsGood is { } isGood)
                {
                    writer.WriteBoolean("is_good", isGood);
                }
                else
                {
                    writer.WriteNull("is_good");
                }

                writer.WriteString("found", point.Found);
                writer.WriteString("fix", point.Fix);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
    }
}
