using System;
using System.Globalization;
using System.Text.Json;
using Overlay.Lease;
using Overlay.Net;

namespace Overlay.Daemon.Backends.Vxlan;

/// <summary>
/// What a host's lease says of its vxlan device (flannel pkg/backend/vxlan): <c>{"VNI":1,"VtepMAC":"02:…"}</c>.
/// </summary>
/// <param name="Vni">Of its device.</param>
/// <param name="Mac">Its device's.</param>
internal sealed record VtepLeaseData(uint Vni, MacAddress Mac)
{
    private const string VniKey = "VNI", MacKey = "VtepMAC";

    /// <summary>What is published, byte for byte as stock writes it.</summary>
    internal BackendLeaseData ToLeaseData() => new(
        VxlanBackendOptions.Type,
        string.Create(CultureInfo.InvariantCulture, $$"""{"{{VniKey}}":{{Vni}},"{{MacKey}}":"{{Mac}}"}"""));

    /// <summary>Reads what a lease publishes. Keys without regard to case, unknown ones ignored.</summary>
    /// <param name="lease">Of this backend.</param>
    /// <param name="fault">Why it cannot be used, in words that follow the lease; null when it can.</param>
    /// <returns>Null when it cannot be used.</returns>
    internal static VtepLeaseData? Read(BackendLeaseData lease, out string? fault)
    {
        if (lease.Data is not { } json)
        {
            fault = "has no BackendData";
            return null;
        }

        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            fault = $"has BackendData that is not an object, {OneLine.Shorten(json)}";
            return null;
        }

        JsonElement vni = default, mac = default;
        foreach (JsonProperty property in document.RootElement.EnumerateObject())
        {
            vni = property.Name.Equals(VniKey, StringComparison.OrdinalIgnoreCase) ? property.Value : vni;
            mac = property.Name.Equals(MacKey, StringComparison.OrdinalIgnoreCase) ? property.Value : mac;
        }

        uint number = 0; // as stock has it where there is none
        if (vni.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null)
            && (vni.ValueKind != JsonValueKind.Number || !vni.TryGetUInt32(out number)))
        {
            fault = $"has a {VniKey} that is not a number, {OneLine.Shorten(vni.GetRawText())}";
            return null;
        }

        if (mac.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            fault = $"has no {MacKey}";
            return null;
        }

        if (mac.ValueKind != JsonValueKind.String
            || !MacAddress.TryParse(mac.GetString(), out MacAddress address)
            || !address.IsUnicast)
        {
            fault = $"has a {MacKey} that is not the MAC of a device, {OneLine.Shorten(mac.GetRawText())}";
            return null;
        }

        fault = null;
        return new VtepLeaseData(number, address);
    }
}
