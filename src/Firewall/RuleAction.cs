namespace Overlay.Firewall;

/// <summary>What a rule does with a packet that it matches.</summary>
public enum RuleAction
{
    /// <summary>Nothing that ends its way: it counts, logs, marks.</summary>
    GoOn,

    /// <summary>Lets it through this hook's chain.</summary>
    Accept,

    /// <summary>Drops or rejects it.</summary>
    Drop,

    /// <summary>Gives it another source address.</summary>
    SourceNat,

    /// <summary>Goes back to the calling chain, or to the policy.</summary>
    Return,

    /// <summary>Goes on in another chain, and comes back.</summary>
    Jump,

    /// <summary>Goes on in another chain, and does not come back to this one.</summary>
    Goto,

    /// <summary>Something that is not known here and may end its way.</summary>
    Unknown,
}
