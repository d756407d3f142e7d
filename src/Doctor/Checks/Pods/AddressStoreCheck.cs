using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Net;

namespace Overlay.Doctor.Checks.Pods;

/// <summary>
/// N5: addresses that host-local keeps for pods of another life: a file each, named as the address
/// (containernetworking/plugins, host-local, "Files").
/// </summary>
internal sealed class AddressStoreCheck : ICheck
{
    private const string Directory = "var/lib/cni/networks";

    private static readonly Row s_row = new(
        "N5", "cni-addresses-left", HealthSeverity.Warning,
        "addresses of a subnet that this host no longer has are kept for pods that are gone",
        "containernetworking/plugins, host-local");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.Overlay is not { Network: { } network, Subnet: { } own })
        {
            return [];
        }

        return
            from store in host.Files.List(Directory)
            let left = host.Files.List($"{Directory}/{store}")
                .Where(name => Ipv4Address.TryParse(name, out Ipv4Address address) && network.Contains(address)
                    && !own.Contains(address))
                .ToList()
            where left.Count > 0
            select new Finding(
                s_row, $"/{Directory}/{store}",
                $"{left.Count} files such as /{Directory}/{store}/{left[0]}, and this host's subnet is {own}",
                $"rm {string.Join(' ', left.Take(8).Select(name => $"/{Directory}/{store}/{name}"))}"
                    + (left.Count > 8 ? " and so on" : ""))
            {
                IsCommand = left.Count <= 8,
            };
    }
}
