namespace Overlay.Router.Coalescing;

/// <summary>What a packet may do to the writes before it.</summary>
internal enum Candidacy
{
    /// <summary>Neither TCP nor UDP: stands alone, and no flow waits for it.</summary>
    Foreign,

    /// <summary>May belong to any flow, as a fragment does: nothing after it may join what came before it.</summary>
    Opaque,

    /// <summary>Of a flow, but not to be merged: nothing of that flow may overtake it.</summary>
    Ineligible,

    /// <summary>To be merged, if its transport checksum is right.</summary>
    Candidate,
}
