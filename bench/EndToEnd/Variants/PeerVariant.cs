using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Overlay.Lab;

namespace Overlay.Bench.Variants;

/// <summary>Pod to pod through whatever the user's command sets up on each host.</summary>
internal sealed class PeerVariant : RunningVariant
{
    private const string Underlay = "eth0";

    private readonly List<Process> _commands = [];
    private readonly LabRemnants _remnants;

    private PeerVariant(LabRemnants remnants) => _remnants = remnants;

    /// <inheritdoc/>
    internal override IReadOnlyList<int> FindProcessIds() => _remnants.Find().Processes;

    /// <inheritdoc/>
    internal override string Carrier => Underlay;

    /// <summary>Builds hosts and pods, and starts the command on each host.</summary>
    /// <remarks>
    /// The command runs under /bin/sh in the host's namespace and stays, or ends with 0 when the kernel does the rest.
    /// It is told where it is by OVERLAY_BENCH_HOST (1 or 2), _LOCAL and _REMOTE (the hosts' addresses), _SUBNET and
    /// _REMOTE_SUBNET (the pods'), _MTU (of the pods) and _DIR (where it may write).
    /// </remarks>
    internal static PeerVariant Start(Variant variant, LabPlan plan, IpCommand ip, CancellationToken cancellation)
    {
        const int Mtu = LabPlan.WireMtu - EncapsulationAllowance;
        IReadOnlyList<SubnetFacts> subnets = PodNetwork.Attach(plan, ip, Mtu);
        cancellation.ThrowIfCancellationRequested();
        var path = new PeerVariant(new LabRemnants(plan.Prefix, plan.Directory, ip))
        {
            Variant = variant,
            Plan = plan,
            FirstNamespace = plan.Hosts[0].PodNamespace,
            SecondNamespace = plan.Hosts[1].PodNamespace,
            FirstAddress = subnets[0].Pod,
            SecondAddress = subnets[1].Pod,
            Mtu = Mtu,
        };
        for (int i = 0; i < 2; i++)
        {
            HostPlan host = plan.Hosts[i];
            Directory.CreateDirectory(host.RunDirectory);
            string[] words =
            [
                "netns", "exec", host.HostNamespace, "env",
                $"OVERLAY_BENCH_HOST={host.Number.ToString(CultureInfo.InvariantCulture)}",
                $"OVERLAY_BENCH_LOCAL={host.UnderlayAddress}",
                $"OVERLAY_BENCH_REMOTE={plan.Hosts[1 - i].UnderlayAddress}",
                $"OVERLAY_BENCH_SUBNET={subnets[i].Subnet}",
                $"OVERLAY_BENCH_REMOTE_SUBNET={subnets[1 - i].Subnet}",
                $"OVERLAY_BENCH_MTU={Mtu.ToString(CultureInfo.InvariantCulture)}",
                $"OVERLAY_BENCH_DIR={host.RunDirectory}",
                "/bin/sh", "-c", variant.Command,
            ];
            path._commands.Add(ip.StartLogged(words, host.LogFile));
        }

        return path;
    }

    // Room for what any tunnel puts around a packet: WireGuard's 60 bytes over IPv4 among them.
    private const int EncapsulationAllowance = 80;

    /// <inheritdoc/>
    internal override long ReadCarriedBytes() =>
        Plan.Hosts.Sum(host => LinkBytes.Received(host.HostNamespace, Underlay));

    /// <inheritdoc/>
    internal override string? FailureReport()
    {
        for (int i = 0; i < _commands.Count; i++)
        {
            if (_commands[i].HasExited && _commands[i].ExitCode != 0)
            {
                string tail = ChildDaemon.LogTail(
                    Plan.Hosts[i].LogFile, lines: 1) is { } line ? $": {line}" : string.Empty;
                return $"its command on host {i + 1} has ended with exit code {_commands[i].ExitCode}{tail}";
            }
        }

        return null;
    }

    public override void Dispose()
    {
        _commands.ForEach(command => command.Dispose());
        base.Dispose();
    }
}
