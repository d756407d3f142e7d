using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Leases;

/// <summary>L13: how many subnets are left for hosts to come.</summary>
internal sealed class PoolCheck : ICheck
{
    private const double NearlyAll = 0.8;

    private static readonly Row s_row = new(
        "L13", "subnets-nearly-used", HealthSeverity.Warning,
        "the next host will find no subnet: nearly all of the network's are leased",
        "flannel's Documentation/configuration.md");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.Store is not { Config: { EnableIPv4: true } config })
        {
            yield break;
        }

        long capacity = config.SubnetMax < config.SubnetMin
            ? 0
            : ((config.SubnetMax.Value - config.SubnetMin.Value) >> (32 - config.SubnetLength)) + 1;
        int used = StoredLeases.Of(host).Count(
            entry => entry is { Key: { } key, Fault: null } && config.Allows(key.Subnet));
        if (used >= capacity * NearlyAll)
        {
            yield return new Finding(
                s_row, $"{config.Network}",
                $"{used} of {capacity} subnets from {config.SubnetMin} to {config.SubnetMax} are leased",
                "remove the leases of hosts that are gone (overlay lease list, overlay lease remove), or choose a "
                    + "larger Network or a longer SubnetLen");
        }
    }
}
