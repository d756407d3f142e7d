using System.Text.Json;

namespace Overlay.Control;

/// <summary>What a daemon is asked to capture.</summary>
/// <param name="Filter">In tcpdump's language; empty for everything.</param>
/// <param name="SnapBytes">The most that is kept of a packet.</param>
/// <param name="PacketsPerSecond">The most that each of the daemon's workers keeps in a second.</param>
/// <param name="DropsOnly">Whether only what the daemon does not forward is wanted.</param>
/// <param name="Peer">The public IP of the only peer wanted; null for all.</param>
/// <param name="UserSpaceOnly">Whether only what user space forwards or drops is wanted, and no frame of what the
/// kernel forwards.</param>
public sealed record CaptureRequest(
    string Filter, int SnapBytes, int PacketsPerSecond, bool DropsOnly = false, string? Peer = null,
    bool UserSpaceOnly = false)
{
    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static CaptureRequest Parse(string json) =>
        JsonSerializer.Deserialize(json, StatusJson.Default.CaptureRequest) ?? throw new JsonException("no request");

    /// <summary>One JSON object.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, StatusJson.Default.CaptureRequest);
}
