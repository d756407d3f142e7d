using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Linux;

namespace Overlay.Doctor.Checks.Host;

/// <summary>
/// H8: whether there are two of flannel's TUN interfaces. A second daemon gets <c>flannel1</c>, and the route stays
/// with the first (flannel pkg/backend/udp, newTun).
/// </summary>
internal sealed partial class TunnelTwiceCheck : ICheck
{
    private static readonly Row s_row = new(
        "H8", "tunnel-twice", HealthSeverity.Error,
        "there are two tunnels: packets go into one, and the daemon may have the other", "ip-tuntap(8)");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        string[] tunnels =
        [
            .. host.Network.Links.Where(link => link.Kind == "tun" && Name().IsMatch(link.Name))
                .Select(link => link.Name),
        ];
        if (tunnels.Length < 2)
        {
            yield break;
        }

        (string Name, string? Owner)[] owned = [.. tunnels.Select(name => (name, Holders.OfTun(name)))];
        string? abandoned = owned.FirstOrDefault(each => each.Owner is null).Name;
        yield return new Finding(
            s_row, string.Join(' ', tunnels),
            string.Join("; ", owned.Select(each => each.Owner is { } owner
                ? $"{each.Name} is open in process {owner}" : $"{each.Name} is nobody's")),
            abandoned is null ? "end one of the two daemons" : $"ip link del {abandoned}")
        {
            IsCommand = abandoned is not null,
        };
    }

    [GeneratedRegex("^flannel[0-9]+$")]
    private static partial Regex Name();
}
