using System;
using System.CommandLine;
using System.IO;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Control;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Operator.RunningDaemon;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Doctor;

/// <summary><c>overlay doctor</c>: why packets do not arrive, and what to type.</summary>
public static class DoctorCommand
{
    private const string SubnetFile = "run/flannel/subnet.env";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<string> runDirectory = DaemonOptions.RunDirectory();
        Option<bool> json = DaemonOptions.Json();
        var subnetFile = new Option<string>("--subnet-file")
        {
            Description = $"where subnet.env is [default: {SubnetFile} below --root]",
            HelpName = "FILE",
            CustomParser = OptionParser.Path("--subnet-file"),
        };
        var root = new Option<string>("--root")
        {
            Description = "where the host's files are, in a container that has them mounted",
            HelpName = "DIR",
            DefaultValueFactory = _ => "/",
            CustomParser = OptionParser.Path("--root"),
        };
        var store = new LeaseStoreOptions();
        var command = new Command(
            "doctor",
            "Look for everything that is known to keep packets from arriving, also where stock flannel runs: exit code "
                + "0 when nothing is wrong, 1 for warnings, 2 for an error. It changes nothing.")
        {
            runDirectory, subnetFile, root, json,
        };
        store.AddTo(command);
        command.Validators.Add(result =>
        {
            if (store.Contradiction(result) is { } problem)
            {
                result.AddError(problem);
            }
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            StoreFacts? leases = null;
            if (store.IsGiven(parsed.CommandResult))
            {
                _ = await store.AdministerAsync(parsed, async opened =>
                {
                    leases = await StoreFacts.ReadAsync(opened, cancellation);
                    return ExitCode.Success;
                });
            }

            string files = parsed.GetRequiredValue(root);
            string daemon = parsed.GetRequiredValue(runDirectory);
            var host = new HostFacts(
                await AskDaemonAsync(daemon, cancellation),
                leases,
                parsed.GetValue(subnetFile) ?? Path.Combine(files, SubnetFile),
                files)
            {
                AskDaemonAgain = () => AskDaemonAsync(daemon, cancellation).GetAwaiter().GetResult(),
                RunDirectory = daemon,
            };
            DoctorReport report = Examination.Run(AllChecks.List, host);
            if (parsed.GetValue(json))
            {
                await Console.Out.WriteLineAsync(report.ToJson());
            }
            else
            {
                foreach (string line in report.Lines())
                {
                    await Console.Out.WriteLineAsync(line);
                }
            }

            return report.ExitCode;
        });
        return command;
    }

    // Null also where one runs that cannot be asked: then the host is looked at as if flannel's ran there.
    private static async Task<StatusReport?> AskDaemonAsync(string directory, CancellationToken cancellation)
    {
        try
        {
            return StatusReport.Parse(
                await ControlClient.AskAsync(directory, ControlCommands.Status, cancellation));
        }
        catch (Exception problem) when (problem is OperatorException or JsonException)
        {
            return null;
        }
    }
}
