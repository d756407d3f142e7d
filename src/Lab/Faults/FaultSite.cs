using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace Overlay.Lab.Faults;

/// <summary>The host of a lab that faults are put into, as their shell lines see it.</summary>
/// <param name="ip">iproute2.</param>
/// <param name="plan">The lab.</param>
/// <param name="tunnel">The interface that pods' packets leave by: <c>flannel0</c>.</param>
/// <param name="network">The whole overlay: <c>10.244.0.0/16</c>.</param>
/// <param name="own">The lease of the first host.</param>
/// <param name="peer">The lease of the second.</param>
/// <param name="store">What names the lease store to the doctor; null where leases are files.</param>
public sealed partial class FaultSite(
    IpCommand ip, LabPlan plan, string tunnel, string network, SubnetFacts own, SubnetFacts peer,
    IReadOnlyList<string>? store = null)
{
    /// <summary>A directory in which the doctor looks for files of the host (<c>--root</c>), empty but for what faults
    /// put there.</summary>
    public string Root { get; } = Path.Combine(plan.Directory, "root");

    private string _view = ""; // of the fault that is in

    private HostPlan Host => plan.Hosts[0];

    /// <summary>Puts it in.</summary>
    /// <exception cref="LabException">A line of it failed.</exception>
    public void Break(LabFault fault)
    {
        Do(fault, fault.Break);
        _view = fault.View;
    }

    /// <summary>Takes it out.</summary>
    /// <exception cref="LabException">A line of it failed.</exception>
    public void Mend(LabFault fault)
    {
        _view = "";
        Do(fault, fault.Mend);
    }

    /// <summary>Runs the doctor on the host.</summary>
    /// <param name="overlay">The program.</param>
    /// <param name="words">More of the command line.</param>
    public CommandResult Examine(IReadOnlyList<string> overlay, params IReadOnlyList<string> words) => ChildCommand.Run(
    [
        ip.ProgramPath, "netns", "exec", Host.HostNamespace, .. View(), .. overlay, "doctor",
        "--run-dir", Host.RunDirectory, "--subnet-file", Host.SubnetFile, "--root", Root,
        .. store ?? ["--lease-store", $"file:{plan.LeaseDirectory}"], .. words,
    ]);

    // ip-netns(8) has given it a mount namespace already.
    private IReadOnlyList<string> View() => _view.Length == 0 ? [] : ["sh", "-e", "-c", $"{_view}; exec \"$@\"", "sh"];

    /// <summary>The lines of a fault, with this lab's names and addresses, for people.</summary>
    public IEnumerable<string> Lines(LabFault fault)
    {
        IReadOnlyDictionary<string, string> values = Variables();
        string text = Variable().Replace($"{fault.Break}\n{fault.View}", match =>
            values.TryGetValue(match.Groups["name"].Value, out string? value)
                ? match.Groups["cut"].Success ? value.Split('/')[0] : value
                : match.Value);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line != ":");
    }

    // Also ${NAME%/*}: up to the slash.
    [GeneratedRegex(@"\$\{(?<name>[A-Z_]+)(?<cut>%/\*)?\}|\$(?<name>[A-Z_]+)")]
    private static partial Regex Variable();

    private Dictionary<string, string> Variables() => new(StringComparer.Ordinal)
    {
        ["TUNNEL"] = tunnel,
        ["NETWORK"] = network,
        ["SUBNET"] = own.Subnet,
        ["GATEWAY"] = $"{own.Gateway}",
        ["POD"] = $"{own.Pod}",
        ["PEER"] = $"{plan.Hosts[1].UnderlayAddress}",
        ["PEER_SUBNET"] = peer.Subnet,
        ["PEER_POD"] = $"{peer.Pod}",
        ["HOST"] = $"{Host.UnderlayAddress}",
        ["POD_NS"] = Host.PodNamespace,
        ["PEER_NS"] = plan.Hosts[1].HostNamespace,
        ["SUBNET_FILE"] = Host.SubnetFile,
        ["RUN"] = Host.RunDirectory,
        ["LEASES"] = plan.LeaseDirectory,
        ["ROOT"] = Root,
    };

    private void Do(LabFault fault, string script)
    {
        Directory.CreateDirectory(Root);
        CommandResult done = ChildCommand.Run(
        [
            ip.ProgramPath, "netns", "exec", Host.HostNamespace, "env",
            .. Variables().Select(each => $"{each.Key}={each.Value}"), "sh", "-e", "-c", script,
        ]);
        if (!done.Succeeded)
        {
            throw new LabException($"the fault {fault.Name} could not be made: {done.Reason}", done.Error);
        }
    }
}
