using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using Overlay.Control;
using Overlay.Net;
using Overlay.Operator.RunningDaemon;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Ping;

/// <summary><c>overlay ping</c>: whether a peer's daemon answers, and which layer of the way to it fails.</summary>
public static class PingCommand
{
    private const int DefaultPort = 8285; // flannel's
    private const int MostPings = 1_000_000;
    private const int MostSeconds = 60;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<string> runDirectory = DaemonOptions.RunDirectory();
        Option<bool> json = DaemonOptions.Json();
        var target = new Argument<Ipv4Address?>("PEER|IP")
        {
            Description = "a peer's public IP, or the address of a pod or of a tunnel",
            Arity = ArgumentArity.ExactlyOne, // that of a nullable type is none or one
            CustomParser = Address("PEER|IP"),
        };
        var explain = new Option<bool>("--explain")
        {
            Description = "try the way layer by layer, and say which fails, what that means, and what to type",
        };
        var via = new Option<Ipv4Address?>("--via")
        {
            Description = "the public IP of the pod's host, where no daemon of ours tells it",
            HelpName = "IP",
            CustomParser = Address("--via"),
        };
        var port = new Option<int?>("--port")
        {
            Description = "the UDP port of the peer's daemon [default: this host's]",
            HelpName = "PORT",
            CustomParser = OptionParser.Number("--port", 1, ushort.MaxValue),
        };
        var count = new Option<int?>("--count")
        {
            Description = "how many questions, one a second",
            HelpName = "N",
            DefaultValueFactory = _ => 4,
            CustomParser = OptionParser.Number("--count", 1, MostPings),
        };
        var timeout = new Option<int?>("--timeout")
        {
            Description = "seconds that an answer may take",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => 1,
            CustomParser = OptionParser.Number("--timeout", 1, MostSeconds),
        };
        var command = new Command(
            "ping",
            "Ask a peer's daemon, which answers with its version, or its tunnel where stock flannel runs: exit code 0 "
                + "when it answers, 1 when not; with --explain 1 when a layer fails.")
        {
            target, explain, count, timeout, via, port, runDirectory, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            StatusReport? daemon = await ControlClient.FindStatusAsync(
                parsed.GetRequiredValue(runDirectory), cancellation);
            LadderPlan plan = Plan(
                PingTarget.Of(parsed.GetValue(target)!.Value, parsed.GetValue(via), daemon),
                daemon, (ushort?)parsed.GetValue(port), TimeSpan.FromSeconds(parsed.GetValue(timeout) ?? 1));
            using var echo = new EchoSocket();
            using var question = new PortSocket(plan.Own ?? default);
            return parsed.GetValue(explain)
                ? Explain(plan, echo, question, parsed.GetValue(json))
                : await new PingRun(plan, echo, question, parsed.GetValue(json))
                    .RunAsync(parsed.GetValue(count) ?? 1, cancellation);
        });
        return command;
    }

    private static int Explain(LadderPlan plan, EchoSocket echo, PortSocket port, bool isJson)
    {
        IReadOnlyList<LadderStep> steps = new Ladder(plan, echo, port).Climb();
        var explanation = Explanation.Of(plan, steps);
        Console.Out.WriteLine(isJson
            ? PingText.ToJson(steps, explanation)
            : string.Join('\n', PingText.Lines(steps, explanation)));
        return explanation.Layer is null ? ExitCode.Success : ExitCode.Failure;
    }

    private static Func<ArgumentResult, Ipv4Address?> Address(string name) =>
        OptionParser.Of<Ipv4Address?>(
            name, text => Ipv4Address.TryParse(text, out Ipv4Address address) ? address : null, "an IPv4 address");

    private static LadderPlan Plan(PingTarget target, StatusReport? daemon, ushort? port, TimeSpan patience)
    {
        (Ipv4Address? own, ushort? known) = daemon is null
            ? (null, (ushort?)DefaultPort)
            : EndpointText.Read(daemon.Endpoint);
        return new LadderPlan(target, daemon?.Backend ?? "udp", port ?? known, own, daemon?.Mtu, patience);
    }
}
