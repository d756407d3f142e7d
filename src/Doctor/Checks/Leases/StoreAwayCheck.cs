using System.Collections.Generic;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Leases;

/// <summary>L9: whether the lease store can be read: by the doctor, where it is named, and by the daemon.</summary>
internal sealed class StoreAwayCheck : ICheck
{
    private static readonly Row s_row = new(
        "L9", HealthCodes.LeaseStoreAway.Name, HealthSeverity.Warning,
        "the lease store cannot be read: changes of peers are not seen, known routes stay", "flannel issue 294");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host) => host.Store is { Problem: { } problem } store
        ?
        [
            new Finding(
                s_row, store.Description, problem.Message,
                "bring the store back; packets go on meanwhile, and the daemon finds it again by itself"),
        ]
        : DaemonWarnings.Of(host, HealthCodes.LeaseStoreAway, s_row);
}
