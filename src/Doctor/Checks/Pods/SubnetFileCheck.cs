using System.Collections.Generic;
using System.IO;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Pods;

/// <summary>N3: whether subnet.env is there, where CNI plugin and Docker read this host's subnet.</summary>
internal sealed class SubnetFileCheck : ICheck
{
    private static readonly Row s_row = new(
        "N3", "subnet-file-missing", HealthSeverity.Error,
        "new pods get no addresses: there is no subnet.env", "flannel's Documentation/running.md");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.SubnetEnv is null)
        {
            string found = $"{host.SubnetFile} {(Path.Exists(host.SubnetFile) ? "cannot be read" : "is not there")}";
            yield return new Finding(
                s_row, host.SubnetFile,
                host.Daemon is null
                    ? $"{found}, and no daemon answers that would write it"
                    : $"{found}, although the daemon is up",
                "start the daemon of this host (systemctl start overlay, or flanneld), and see its log");
        }
    }
}
