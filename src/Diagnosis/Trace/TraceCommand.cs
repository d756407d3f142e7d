using System;
using System.CommandLine;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Control;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Operator.RunningDaemon;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Trace;

/// <summary><c>overlay trace</c>: one ping, seen at every stop of its way.</summary>
public static class TraceCommand
{
    private const int MostSeconds = 60;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<string> runDirectory = DaemonOptions.RunDirectory();
        Option<bool> json = DaemonOptions.Json();
        var destination = new Argument<Ipv4Address?>("IP")
        {
            Description = "the address of a pod on another host, or of another host's tunnel",
            Arity = ArgumentArity.ExactlyOne, // that of a nullable type is none or one
            CustomParser = Address("IP"),
        };
        var from = new Option<string?>("--from")
        {
            Description = "the pod that pings: its address, the id of a process in it, or the name of its network "
                + "namespace; 'host' for this host itself [default: the first pod of this host]",
            HelpName = "POD",
        };
        var via = new Option<Ipv4Address?>("--via")
        {
            Description = "the public IP of the other host, where no daemon of ours tells it",
            HelpName = "IP",
            CustomParser = Address("--via"),
        };
        var html = new Option<string?>("--html")
        {
            Description = "write a page with the way as a diagram and every field of every frame",
            HelpName = "FILE",
            CustomParser = OptionParser.Path("--html"),
        };
        var timeout = new Option<int?>("--timeout")
        {
            Description = "seconds that the answer may take",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => 2,
            CustomParser = OptionParser.Number("--timeout", 1, MostSeconds),
        };
        var subnetFile = new Option<string>("--subnet-file")
        {
            Description = "where subnet.env is, which tells the network where no daemon of ours runs",
            HelpName = "FILE",
            DefaultValueFactory = _ => SubnetEnvFile.DefaultPath,
            CustomParser = OptionParser.Path("--subnet-file"),
        };
        var command = new Command(
            "trace",
            "Send one ping and show it at every stop of its way, there and back: exit code 0 when it is answered, 1 "
                + "when not.")
        {
            destination, from, via, html, timeout, runDirectory, subnetFile, json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            new TraceRequest(
                parsed.GetValue(destination)!.Value, parsed.GetValue(from), parsed.GetValue(via),
                parsed.GetRequiredValue(runDirectory), parsed.GetRequiredValue(subnetFile),
                TimeSpan.FromSeconds(parsed.GetValue(timeout)!.Value)),
            parsed.GetValue(html), parsed.GetValue(json), parsed.InvocationConfiguration.Output, cancellation));
        return command;
    }

    private static Func<System.CommandLine.Parsing.ArgumentResult, Ipv4Address?> Address(string name) =>
        OptionParser.Of<Ipv4Address?>(
            name, text => Ipv4Address.TryParse(text, out Ipv4Address address) ? address : null, "an IPv4 address");

    private static async Task<int> RunAsync(
        TraceRequest request, string? html, bool isJson, TextWriter output, CancellationToken cancellation)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new OperatorException(
                "trace captures on every interface of the way and in pods' namespaces, which root alone may; run it "
                    + "with sudo");
        }

        PageFile.Open(html)?.Dispose(); // only whether it can be: a killed trace leaves nothing
        using var stop = new StopRequest();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stop.Token);
        try
        {
            TraceReport report = await TraceAsync(request, ending.Token);
            using var page = PageFile.Open(html);
            page?.Write(TracePage.Of(report));
            output.WriteLine(isJson
                ? TraceJson.Of(report)
                : string.Join(
                    '\n', new TraceText(TerminalText.IsUnicode(Environment.GetEnvironmentVariable)).Lines(report)));
            page?.PutInPlace();
            return report.Conclusion.IsAnswered ? ExitCode.Success : ExitCode.Failure;
        }
        catch (OperationCanceledException) when (stop.ExitCode is { } signalled)
        {
            return signalled;
        }
    }

    private static async Task<TraceReport> TraceAsync(TraceRequest request, CancellationToken cancellation)
    {
        StatusReport? daemon = await ControlClient.FindStatusAsync(request.RunDirectory, cancellation);
        try
        {
            using var machine = new MachineView();
            return await new TraceRun(TracePlan.Of(request, daemon, machine), machine).RunAsync(cancellation);
        }
        catch (LinuxException problem)
        {
            throw new OperatorException($"this host cannot be looked at: {problem.Message}", problem);
        }
    }
}
