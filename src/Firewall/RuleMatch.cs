namespace Overlay.Firewall;

/// <summary>Which of the packets that are asked about a rule matches: the least of what its conditions do.</summary>
public enum RuleMatch
{
    /// <summary>None.</summary>
    No,

    /// <summary>The rule looks at something that is not known here.</summary>
    Unknown,

    /// <summary>Some: it names a part of the addresses.</summary>
    Part,

    /// <summary>All.</summary>
    Whole,
}
