using System;
using System.CommandLine;
using System.Text.Json;
using Overlay.Control;
using Overlay.Net;
using Overlay.Operator.RunningDaemon;
using Overlay.Terminal;

namespace Overlay.Operator.Status;

/// <summary><c>overlay route IP</c>: which peer packets for an address go to, and why not.</summary>
public static class RouteCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<string> runDirectory = DaemonOptions.RunDirectory();
        Option<bool> json = DaemonOptions.Json();
        var address = new Argument<Ipv4Address?>("IP")
        {
            Description = "a pod's address",
            CustomParser = OptionParser.Of<Ipv4Address?>(
                "IP", text => Ipv4Address.TryParse(text, out Ipv4Address parsed) ? parsed : null, "an IPv4 address"),
        };
        var command = new Command(
            "route",
            "Show which lease, peer, backend and MTU packets for an address have, and why not: exit code 0 when a peer "
                + "or this host gets them, 1 when nobody does.") { address, runDirectory, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            string directory = parsed.GetRequiredValue(runDirectory);
            string answer = await ControlClient.AskAsync(
                directory, ControlCommands.Route, cancellation, parsed.GetValue(address)?.ToString());
            RouteReport report;
            try
            {
                report = RouteReport.Parse(answer);
            }
            catch (JsonException problem)
            {
                throw DaemonOptions.OtherVersion(directory, problem);
            }

            await Console.Out.WriteLineAsync(
                parsed.GetValue(json) ? report.ToJson() : string.Join('\n', StatusText.Lines(report)));
            return report.Verdict is "peer" or "local" ? ExitCode.Success : ExitCode.Failure;
        });
        return command;
    }
}
