using System;
using System.Text.RegularExpressions;

namespace Overlay.Doctor.Tracing;

/// <summary>A line of <c>nft monitor trace</c>.</summary>
/// <param name="Table">With its family: <c>inet filter</c>.</param>
/// <param name="Chain">In which the packet is.</param>
/// <param name="Kind"><c>packet</c>, <c>rule</c>, <c>policy</c>, or another word of nft's.</param>
/// <param name="Text">What follows: the packet's headers, the rule with its verdict, the policy.</param>
internal sealed partial record TraceLine(string Table, string Chain, string Kind, string Text)
{
    private const string DropVerdict = "(verdict drop)";

    /// <summary>Whether the packet's way has ended here.</summary>
    internal bool IsDrop => Kind == "policy"
        ? Text == "drop"
        : Kind == "rule" && Text.EndsWith(DropVerdict, StringComparison.Ordinal);

    /// <summary>Whether it is about an answer to the probe, and not the probe itself.</summary>
    internal bool IsAnswer => Kind == "packet" && Text.Contains("icmp type echo-reply", StringComparison.Ordinal);

    /// <summary>What has dropped it, in the words in which it is listed.</summary>
    internal string Cause => Kind == "policy" ? "its policy is drop" : Text.Replace(DropVerdict, "").Trim();

    /// <summary>Reads a line; null for one of another kind.</summary>
    internal static TraceLine? Parse(string line) => Form().Match(line.TrimEnd()) is { Success: true } match
        ? new TraceLine(
            match.Groups["table"].Value, match.Groups["chain"].Value, match.Groups["kind"].Value,
            match.Groups["text"].Value)
        : null;

    [GeneratedRegex("^trace id \\w+ (?<table>\\w+ \\S+) (?<chain>\\S+) (?<kind>\\w+):? ?(?<text>.*)$")]
    private static partial Regex Form();
}
