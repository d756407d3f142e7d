using System.Text.Json;

namespace Overlay.Control;

/// <summary>What a capture has come to so far.</summary>
/// <param name="Interface">The pods' packets leave by.</param>
/// <param name="Endpoint">This host's, where peers send to.</param>
/// <param name="Matched">Packets that were wanted.</param>
/// <param name="Lost">Those of them that were not kept, in the daemon.</param>
/// <param name="LostByKernel">Frames that the kernel did not keep, of those that user space does not forward.</param>
/// <param name="Port">The UDP port of the daemons, whose datagrams are packets; null where the backend has none, or the
/// daemon does not say.</param>
/// <param name="VxlanPort">The UDP port of VXLAN; null likewise.</param>
public sealed record CaptureSummary(
    string Interface, string Endpoint, long Matched, long Lost, long LostByKernel, ushort? Port = null,
    ushort? VxlanPort = null)
{
    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static CaptureSummary Parse(string json) =>
        JsonSerializer.Deserialize(json, StatusJson.Default.CaptureSummary) ?? throw new JsonException("no summary");

    /// <summary>One JSON object.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, StatusJson.Default.CaptureSummary);
}
