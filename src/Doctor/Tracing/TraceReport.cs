using System.Collections.Generic;
using System.Linq;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Doctor.Tracing;

/// <summary>What has become of the probes of a trace.</summary>
/// <param name="From">Where they came from.</param>
/// <param name="To">Where they went.</param>
/// <param name="Lines">What nft has said, without the trace's own table.</param>
/// <param name="IsAnswered">Whether an answer came to this host.</param>
/// <param name="OlderRules">How many rules of iptables-legacy there are, which are not seen.</param>
internal sealed record TraceReport(
    string From, Ipv4Address To, IReadOnlyList<TraceLine> Lines, bool IsAnswered, int OlderRules)
{
    /// <summary>The rule or policy that dropped a probe, or its answer; null for none.</summary>
    internal TraceLine? Drop => Lines.FirstOrDefault(line => line.IsDrop);

    /// <summary>0 when an answer came and was not dropped, 1 when none came, 2 when a rule of this host dropped it.
    /// </summary>
    internal int ExitCode => Drop is not null ? 2 : IsAnswered ? 0 : 1;

    /// <summary>What was sent, which chains it has passed, what has become of it.</summary>
    internal IEnumerable<string> Text()
    {
        yield return $"  probe   ICMP echo from {From}, to {To}";
        string passed = string.Join(
            ", ", Lines.Where(line => !line.IsDrop).Select(line => $"{line.Table} {line.Chain}").Distinct());
        yield return TerminalText.Mask($"  seen by {(passed.Length > 0 ? passed : "no chain of nftables")}");
        if (Drop is { } drop)
        {
            yield return TerminalText.Mask($"✗ dropped by table {drop.Table}, chain {drop.Chain}: {drop.Cause}");
            yield return TerminalText.Mask($"  see it   nft --handle list chain {drop.Table} {drop.Chain}");
        }
        else if (IsAnswered)
        {
            yield return "✓ answered, and no rule of this host's nftables has dropped anything of it";
        }
        else
        {
            yield return "i no answer, and no rule of this host's nftables has dropped a probe: look at the way to "
                + $"{To} (overlay ping {To} --explain), and do the same on its host";
        }

        if (OlderRules > 0)
        {
            yield return $"i {OlderRules} rules of iptables-legacy are not seen by a trace: iptables-legacy-save";
        }
    }
}
