using System.CommandLine;
using Overlay.Control;
using Overlay.Daemon.Cleanup;
using Overlay.Lease;
using Overlay.Terminal;

namespace Overlay.Daemon.Commands;

/// <summary>
/// <c>overlay cleanup</c>: removes from this host what flannel and this daemon leave, after showing it.
/// </summary>
internal static class CleanupCommand
{
    internal static Command Create()
    {
        var runDirectory = new Option<string>("--run-dir")
        {
            Description = "run directory of the daemon whose files go",
            HelpName = "DIR",
            DefaultValueFactory = _ => ControlProtocol.DefaultRunDirectory,
            CustomParser = OptionParser.Path("--run-dir"),
        };
        var subnetFile = new Option<string>("--subnet-file")
        {
            Description = "subnet file that goes, and that tells which routes are the overlay's",
            HelpName = "FILE",
            DefaultValueFactory = _ => SubnetEnvFile.DefaultPath,
            CustomParser = OptionParser.Path("--subnet-file"),
        };
        var bridge = new Option<bool>("--cni0")
        {
            Description = "remove the bridge cni0 too, and with it the network of pods that still run",
        };
        var yes = new Option<bool>("--yes") { Description = "do not ask" };
        var dryRun = new Option<bool>("--dry-run") { Description = "show what would be removed, and remove nothing" };
        var json = new Option<bool>("--json") { Description = "print one JSON object; with --yes or --dry-run" };
        var command = new Command(
            "cleanup", "Remove what flannel and overlay leave on this host, after showing it: firewall rules, routes, "
                + "devices, files. Not while a daemon runs.")
        {
            runDirectory, subnetFile, bridge, yes, dryRun, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(json) && !result.GetValue(yes) && !result.GetValue(dryRun))
            {
                result.AddError("--json is given without --yes or --dry-run; give one of them");
            }
        });
        command.SetAction(parsed =>
        {
            var request = new CleanupRequest(
                parsed.GetRequiredValue(runDirectory), parsed.GetRequiredValue(subnetFile), parsed.GetValue(bridge),
                parsed.GetValue(yes), parsed.GetValue(dryRun));
            return new CleanupRun(
                request, new CleanupReport(parsed.InvocationConfiguration.Output, parsed.GetValue(json))).Run();
        });
        return command;
    }
}
