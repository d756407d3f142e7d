using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Pods;

/// <summary>N6, N7, N9: what the container runtime has pods' interfaces made by.</summary>
internal sealed class CniConfigCheck : ICheck
{
    private const string Programs = "opt/cni/bin";

    private static readonly Row s_other = new(
        "N6", "cni-other-first", HealthSeverity.Error,
        "pods get their addresses from another network: the first file of the directory is taken",
        "containernetworking/cni, libcni, and containerd's CRI documentation");

    private static readonly Row s_missing = new(
        "N7", "cni-plugin-missing", HealthSeverity.Error,
        "new pods get no interface: a CNI plugin is not there, or may not be run",
        "flannel-io/cni-plugin and containernetworking/plugins");

    private static readonly Row s_hairpin = new(
        "N9", "cni-no-hairpin", HealthSeverity.Info,
        "a pod does not reach itself by a service's address: hairpin mode is off",
        "containernetworking/plugins, bridge, hairpinMode");

    // What flannel's delegates to (flannel-io/cni-plugin, README).
    private static readonly string[] s_delegates = ["bridge", "host-local"];

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_other, s_missing, s_hairpin];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        IReadOnlyList<CniFacts> all = host.Cni;
        if (all.FirstOrDefault(each => each.IsFlannel) is not { } flannel)
        {
            return [];
        }

        List<Finding> found = [];
        if (all[0] != flannel)
        {
            found.Add(new Finding(
                s_other, $"/{all[0].File}", $"/{all[0].File} comes before /{flannel.File}",
                $"rm /{all[0].File}, or give it a name that comes later"));
        }

        if (!flannel.IsHairpin)
        {
            found.Add(new Finding(
                s_hairpin, $"/{flannel.File}", $"\"hairpinMode\" is not true in /{flannel.File}",
                "write \"delegate\":{\"hairpinMode\":true,\"isDefaultGateway\":true} into it, and restart the pods"));
        }

        return [.. found, .. host.Files.Exists(Programs) ? Missing(host, flannel) : []];
    }

    private static IEnumerable<Finding> Missing(HostFacts host, CniFacts flannel) =>
        from plugin in flannel.Plugins.Where(plugin => plugin.Length > 0).Concat(s_delegates).Distinct()
        let mode = host.Files.ModeOf($"{Programs}/{plugin}")
        where mode is null || (mode & UnixFileMode.UserExecute) == 0
        select new Finding(
            s_missing, plugin,
            mode is null ? $"/{Programs}/{plugin} is not there" : $"/{Programs}/{plugin} may not be executed",
            mode is not null ? $"chmod 755 /{Programs}/{plugin}"
                : plugin == CniFacts.Flannel
                    ? $"install flannel-io/cni-plugin into /{Programs}"
                    : $"install containernetworking/plugins into /{Programs}")
        {
            IsCommand = mode is not null,
        };
}
