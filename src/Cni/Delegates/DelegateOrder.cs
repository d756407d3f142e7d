using System.Text.Json.Nodes;

namespace Overlay.Cni.Delegates;

/// <summary>Which delegate, and what it is told.</summary>
/// <param name="Type">Its name.</param>
/// <param name="Config">Its config.</param>
internal sealed record DelegateOrder(string Type, JsonObject Config);
