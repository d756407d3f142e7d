using System.CommandLine;
using System.Linq;
using Overlay.Lab;
using Overlay.Lab.Faults;
using Overlay.Terminal;

namespace Overlay.Demo;

/// <summary><c>overlay demo</c> and <c>overlay demo down</c>: the command line.</summary>
internal static class DemoCommand
{
    // As many as fit a terminal and start within a few seconds.
    private const int MostHosts = 16;

    /// <summary>The command, to be added to the program's root.</summary>
    internal static Command Create()
    {
        var hosts = new Option<int?>("--hosts")
        {
            Description = $"How many pretend hosts, {LabPlan.MinimumHosts} to {MostHosts}.",
            HelpName = "N",
            DefaultValueFactory = _ => LabPlan.MinimumHosts,
            CustomParser = OptionParser.Number("--hosts", LabPlan.MinimumHosts, MostHosts),
        };
        var backend = new Option<DemoBackend>("--backend")
        {
            Description = $"How packets are carried. [default: {DemoBackend.All[0].Type}]",
            HelpName = DemoBackend.Names("|"),
            CustomParser = OptionParser.Of("--backend", DemoBackend.Find, DemoBackend.Names(" or ")),
        };
        var etcd = new Option<bool>("--etcd") { Description = "Keep the leases in a real etcd that it starts itself." };
        var cni = new Option<bool>("--cni")
        {
            Description = "Have the pods made by the CNI plugins flannel, bridge, host-local and portmap.",
        };
        var keep = new Option<bool>("--keep") { Description = "Leave it up afterwards and say how to enter." };
        var fault = new Option<string>("--break")
        {
            Description = "Put one fault into the first host and have the doctor name it; list prints them all.",
            HelpName = "CODE|list",
            CustomParser = OptionParser.Of(
                "--break",
                name => name == FaultList.Word ? name : LabFaults.Find(name)?.Name,
                "a fault's name: --break list prints them"),
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object and nothing else." };
        var verbose =
            new Option<bool>("--verbose") { Description = "Show every command that is run (standard error)." };

        var down = new Command("down", "Remove a demo that was kept up or killed.");
        down.SetAction(result => DemoSession.Down(
            result.InvocationConfiguration.Output, result.InvocationConfiguration.Error));

        var demo = new Command(
            "demo", "Show it: pretend hosts on a private wire, a real daemon on each, pods that talk.")
        {
            hosts, backend, etcd, cni, keep, fault, json, verbose, down,
        };
        demo.Validators.Add(result =>
        {
            LabFault? chosen = result.GetValue(fault) is { } name ? LabFaults.Find(name) : null;
            if (result.GetValue(etcd) && chosen is { IsOfFileStore: true })
            {
                result.AddError($"--break {chosen.Name} is a fault of leases in files; leave out --etcd");
            }

            if (result.GetValue(cni) && result.GetValue(fault) is not null)
            {
                result.AddError("--break knows the pods that the demo makes itself; leave out --cni");
            }

            if (chosen is not null && result.GetValue(backend) is { } asked && !chosen.Backends.Contains(asked.Type))
            {
                string fitting = string.Join(" or ", chosen.Backends);
                result.AddError(
                    $"--break {chosen.Name} is a fault of the backend {fitting}, and --backend is '{asked.Type}'; give "
                        + $"--backend {fitting}");
            }
        });
        demo.SetAction(result => result.GetValue(fault) == FaultList.Word
            ? FaultList.Print(result.GetValue(json), result.InvocationConfiguration.Output)
            : DemoSession.Run(
                new DemoOptions(
                    result.GetValue(hosts) ?? LabPlan.MinimumHosts,
                    result.GetValue(backend) ?? DemoBackend.All[0],
                    result.GetValue(etcd) ? LabStore.Etcd : LabStore.Files,
                    result.GetValue(keep),
                    result.GetValue(json),
                    result.GetValue(verbose))
                {
                    Cni = result.GetValue(cni),
                    Break = result.GetValue(fault) is { } name ? LabFaults.Find(name) : null,
                },
                result.InvocationConfiguration.Output,
                result.InvocationConfiguration.Error));
        return demo;
    }
}

/// <summary>What the command line asked for.</summary>
/// <param name="Hosts">2 to 16.</param>
/// <param name="Backend">How packets are carried.</param>
/// <param name="Store">Where the leases are.</param>
/// <param name="Keep">Leave it up.</param>
/// <param name="Json">One object instead of the story.</param>
/// <param name="Verbose">Every command that is run.</param>
internal sealed record DemoOptions(
    int Hosts, DemoBackend Backend, LabStore Store, bool Keep, bool Json, bool Verbose)
{
    /// <summary>Whether CNI plugins make the pods.</summary>
    internal bool Cni { get; init; }

    /// <summary>What is put into the first host in place of the measurements; null for nothing.</summary>
    internal LabFault? Break { get; init; }
}
