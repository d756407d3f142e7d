namespace Overlay.Router.Coalescing;

/// <summary>Whether a packet may join the writes before it, and which of them it closes.</summary>
internal enum Candidacy
{
    /// <summary>Neither TCP nor UDP. It is written alone and closes no write.</summary>
    Foreign,

    /// <summary>
    /// Of an unknown flow, as a fragment is. It closes all writes: no later packet may join one of them.
    /// </summary>
    Opaque,

    /// <summary>
    /// Of a flow, but not to be merged. It closes the flow's write, so that no later packet overtakes it.
    /// </summary>
    Ineligible,

    /// <summary>Of a flow, and merged when its transport checksum is right.</summary>
    Candidate,
}
