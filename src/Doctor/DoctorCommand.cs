using System;
using System.CommandLine;
using System.IO;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Control;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Doctor.Remedies;
using Overlay.Doctor.WhyNotVxlan;
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
        var fix = new Option<bool>("--fix")
        {
            Description = "show the commands that mend what was found, ask, run them one by one, and look again",
        };
        var yes = new Option<bool>("--yes") { Description = "with --fix: do not ask" };
        var whyNotVxlan = new Option<bool>("--why-not-vxlan")
        {
            Description = "say whether VXLAN can work on this host, and why not: exit code 0 when nothing speaks "
                + "against it, else 1",
        };
        var store = new LeaseStoreOptions();
        var command = new Command(
            "doctor",
            "Look for everything that is known to keep packets from arriving, also where stock flannel runs: exit code "
                + "0 when nothing is wrong, 1 for warnings, 2 for an error. Without --fix it changes nothing.")
        {
            runDirectory, subnetFile, root, json, fix, yes, whyNotVxlan,
        };
        store.AddTo(command);
        command.Validators.Add(result =>
        {
            if (store.Contradiction(result) is { } problem)
            {
                result.AddError(problem);
            }
            else if (result.GetValue(fix) && result.GetValue(json))
            {
                result.AddError("--fix and --json contradict each other; look with --json before and after");
            }
            else if (result.GetValue(fix) && result.GetValue(whyNotVxlan))
            {
                result.AddError("--fix and --why-not-vxlan contradict each other; give one of them");
            }
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            Task<HostFacts> AskAsync() => FactsAsync(
                parsed, store, parsed.GetRequiredValue(runDirectory), parsed.GetValue(subnetFile),
                parsed.GetRequiredValue(root), cancellation);

            if (parsed.GetValue(whyNotVxlan))
            {
                return await WriteAsync(new VxlanReport(VxlanSurvey.Look(await AskAsync())), parsed.GetValue(json));
            }

            DoctorReport report = Examination.Run(AllChecks.List, await AskAsync());
            if (parsed.GetValue(json))
            {
                await Console.Out.WriteLineAsync(report.ToJson());
                return report.ExitCode;
            }

            await WriteAsync(report);
            if (parsed.GetValue(fix) && report.Findings.Count > 0
                && Fix(report, parsed.GetValue(yes)))
            {
                report = Examination.Run(AllChecks.List, await AskAsync());
                await WriteAsync(report);
            }

            return report.ExitCode;
        });
        return command;
    }

    private static async Task<int> WriteAsync(VxlanReport report, bool isJson)
    {
        await Console.Out.WriteLineAsync(isJson ? report.ToJson() : string.Join('\n', report.Lines()));
        return report.ExitCode;
    }

    private static async Task WriteAsync(DoctorReport report)
    {
        foreach (string line in report.Lines())
        {
            await Console.Out.WriteLineAsync(line);
        }
    }

    private static bool Fix(DoctorReport report, bool isAgreed)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new OperatorException("--fix changes this host, which root alone may; run it with sudo");
        }

        Console.Out.WriteLine();
        return new FixRun(Console.Out, FixRun.RunByShell).Run(report.Findings, count =>
        {
            if (isAgreed)
            {
                return true;
            }

            if (Console.IsInputRedirected)
            {
                throw new OperatorException("nothing is changed: there is no terminal to ask; give --yes");
            }

            Console.Out.Write($"Run {(count == 1 ? "it" : $"these {count}")}? [y/N] ");
            return Console.In.ReadLine()?.Trim() is "y" or "Y" or "yes";
        });
    }

    private static async Task<HostFacts> FactsAsync(
        ParseResult parsed, LeaseStoreOptions store, string daemon, string? subnetFile, string root,
        CancellationToken cancellation)
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

        return new HostFacts(
            await AskDaemonAsync(daemon, cancellation), leases, subnetFile ?? Path.Combine(root, SubnetFile), root)
        {
            AskDaemonAgain = () => AskDaemonAsync(daemon, cancellation).GetAwaiter().GetResult(),
            RunDirectory = daemon,
        };
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
