namespace Overlay.Firewall;

/// <summary>What a rule means for the packets that are asked about.</summary>
/// <param name="Match">Which of them it matches.</param>
/// <param name="Action">What it does with those.</param>
/// <param name="Chain">Where a jump leads; empty otherwise.</param>
public readonly record struct RuleReading(RuleMatch Match, RuleAction Action, string Chain = "")
{
    /// <summary>The opposite of a condition.</summary>
    public static RuleMatch Not(RuleMatch match) => match switch
    {
        RuleMatch.No => RuleMatch.Whole,
        RuleMatch.Whole => RuleMatch.No,
        _ => match,
    };

    /// <summary>What holds where both conditions have to.</summary>
    public static RuleMatch Both(RuleMatch one, RuleMatch other) => one < other ? one : other;

    /// <summary>What holds where one of both conditions has to.</summary>
    public static RuleMatch Either(RuleMatch one, RuleMatch other) => one > other ? one : other;
}
