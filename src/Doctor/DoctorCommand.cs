using System;
using System.CommandLine;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Control;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Doctor.Remedies;
using Overlay.Doctor.Tracing;
using Overlay.Doctor.WhyNotVxlan;
using Overlay.Lease;
using Overlay.Net;
using Overlay.Operator.RunningDaemon;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Doctor;

/// <summary><c>overlay doctor</c>: why packets do not arrive, and what to type.</summary>
public static class DoctorCommand
{
    private static readonly string s_subnetFile = SubnetEnvFile.DefaultPath.TrimStart('/'); // below the root

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<string> runDirectory = DaemonOptions.RunDirectory();
        Option<bool> json = DaemonOptions.Json();
        var subnetFile = new Option<string>("--subnet-file")
        {
            Description =
                $"where subnet.env is [default: where the daemon says, otherwise {s_subnetFile} below --root]",
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
        var trace = new Option<Ipv4Address?>("--trace")
        {
            Description = "send probes to an address as a pod of this host does, and name the rule of nftables that "
                + "drops them: exit code 0 when it answers, 1 when not, 2 when a rule drops it",
            HelpName = "IP",
            CustomParser = OptionParser.Of<Ipv4Address?>(
                "--trace", text => Ipv4Address.TryParse(text, out Ipv4Address address) ? address : null,
                "an IPv4 address"),
        };
        var store = new LeaseStoreOptions();
        var command = new Command(
            "doctor",
            "Look for everything that is known to keep packets from arriving, also where stock flannel runs: exit code "
                + "0 when nothing is wrong, 1 for warnings, 2 for an error. Without --fix it changes nothing.")
        {
            runDirectory, subnetFile, root, json, fix, yes, whyNotVxlan, trace,
        };
        store.AddTo(command);
        command.Validators.Add(result =>
        {
            if (store.Contradiction(result) is { } problem)
            {
                result.AddError(problem);
            }
            else if (((string[])
                [
                    .. result.GetValue(fix) ? ["--fix"] : (string[])[],
                    .. result.GetValue(whyNotVxlan) ? ["--why-not-vxlan"] : (string[])[],
                    .. result.GetValue(trace) is not null ? ["--trace"] : (string[])[],
                    .. result.GetValue(json) && !result.GetValue(whyNotVxlan) ? ["--json"] : (string[])[],
                ]) is [var one, var other, ..])
            {
                result.AddError($"{one} and {other} contradict each other; give one of them");
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

            if (parsed.GetValue(trace) is { } traced)
            {
                return await TraceAsync(await AskAsync(), traced);
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

    // Ctrl-C ends the trace, and what it has made goes first.
    private static async Task<int> TraceAsync(HostFacts host, Ipv4Address destination)
    {
        using var stop = new StopRequest();
        try
        {
            TraceReport report = await new TraceRun(host, destination).RunAsync(stop.Token);
            await Console.Out.WriteLineAsync(string.Join('\n', report.Text()));
            return report.ExitCode;
        }
        catch (OperationCanceledException) when (stop.ExitCode is not null)
        {
            return stop.ExitCode.Value;
        }
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
        return new FixRun(Console.Out, FixRun.RunByShell).Run(report.Findings, count => isAgreed || Consent.Ask(
            Console.Out, "Run", count, "nothing is changed: there is no terminal to ask; give --yes"));
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

        StatusReport? status = await ControlClient.FindStatusAsync(daemon, cancellation);
        var host = new HostFacts(
            status, leases,
            subnetFile ?? status?.SubnetFile ?? Path.Combine(root, s_subnetFile), root)
        {
            AskDaemonAgain = () =>
                ControlClient.FindStatusAsync(daemon, cancellation).GetAwaiter().GetResult(),
            RunDirectory = daemon,
        };
        if (status is null && !host.IsRoot && Path.Exists(ControlProtocol.PathIn(daemon)))
        {
            host.Notes.Add($"the daemon at {ControlProtocol.PathIn(daemon)}, which does not answer this user");
        }

        return host;
    }
}
