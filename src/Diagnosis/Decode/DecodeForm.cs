namespace Overlay.Diagnosis.Decode;

/// <summary>How a packet is shown.</summary>
internal enum DecodeForm
{
    /// <summary>In a line, or in two with a packet inside.</summary>
    Lines,

    /// <summary>As a tree of every field.</summary>
    Tree,

    /// <summary>As a JSON object in a line.</summary>
    Json,
}
