using System.Text.Json;

namespace Overlay.Control;

/// <summary>What becomes of packets for an address.</summary>
/// <param name="Address">That was asked about.</param>
/// <param name="Verdict"><c>peer</c>, <c>local</c>, <c>outside</c> (not in the Network), <c>nobody</c> (no lease covers
/// it) or <c>left-out</c> (a lease does, and this host cannot use it).</param>
/// <param name="Backend">This host's.</param>
/// <param name="Description">How packets are carried, in words.</param>
/// <param name="Subnet">Of the lease that covers it; null for none.</param>
/// <param name="PublicIp">Of the host that holds the lease; null for none.</param>
/// <param name="Interface">That the packets leave by; null when they do not.</param>
/// <param name="Way">As in <see cref="PeerStatus.Way"/>; null when there is none.</param>
/// <param name="Mtu">The longest packet that gets there whole, in bytes; null when none does.</param>
/// <param name="Why">Why not, or what is to be known; null when there is nothing.</param>
public sealed record RouteReport(
    string Address, string Verdict, string Backend, string Description, string? Subnet = null, string? PublicIp = null,
    string? Interface = null, string? Way = null, int? Mtu = null, string? Why = null)
{
    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static RouteReport Parse(string json) =>
        JsonSerializer.Deserialize(json, StatusJson.Default.RouteReport) ?? throw new JsonException("no route");

    /// <summary>One JSON object.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, StatusJson.Default.RouteReport);
}
