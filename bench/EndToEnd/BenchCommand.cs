using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Linq;
using Overlay.Bench.Capturing;
using Overlay.Bench.Pods;
using Overlay.Bench.Reports.Diff;
using Overlay.Bench.Startup;
using Overlay.Bench.Variants;
using Overlay.Terminal;

namespace Overlay.Bench;

/// <summary><c>overlay bench</c>: the command line.</summary>
internal static class BenchCommand
{
    private const int MostRounds = 100;

    // The clock of processor time ticks a hundred times a second, so that five ticks are the least; every round trip of
    // the longest is kept.
    private const double LeastSeconds = 0.05, MostSeconds = 20;

    /// <summary>The command, to be added to the program's root.</summary>
    internal static Command Create()
    {
        var quick = new Option<bool>("--quick") { Description = "The tests that say most, in some two minutes." };
        var rounds = new Option<int?>("--rounds")
        {
            Description = $"How often each figure is measured, {Results.Spread.LeastRounds} to {MostRounds}.",
            HelpName = "N",
            DefaultValueFactory = _ => Results.Spread.LeastRounds,
            CustomParser = OptionParser.Number("--rounds", Results.Spread.LeastRounds, MostRounds),
        };
        var seconds = new Option<double?>("--seconds")
        {
            Description = string.Create(
                CultureInfo.InvariantCulture, $"How long each measurement lasts, {LeastSeconds} to {MostSeconds} "
                    + $"[default: 1; with --quick 0.25]."),
            HelpName = "S",
            CustomParser = OptionParser.Of<double?>(
                "--seconds",
                text => double.TryParse(
                    text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
                    && value is >= LeastSeconds and <= MostSeconds ? value : null,
                string.Create(CultureInfo.InvariantCulture, $"{LeastSeconds} to {MostSeconds}")),
        };
        var variants = new Option<IReadOnlyList<Variant>?>("--variants")
        {
            Description = "Which ways are measured, separated by commas [default: all; with --quick without the "
                + "single accelerations, the four copies and host-gw-backend].",
            HelpName = "NAME,…",
            CustomParser = OptionParser.Of(
                "--variants", Named, $"names of {string.Join(", ", Variant.All.Select(variant => variant.Name))}"),
        };
        var peers = new Option<PeerOption[]>("--peer")
        {
            Description = "Another tunnel to measure beside ours: a command that sets it up on a host; may be given "
                + "several times.",
            HelpName = "NAME=COMMAND",
            CustomParser = Peers,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
        };
        var wire = new Option<Wire>("--wire")
        {
            Description = "veth: superpackets cross the wire whole; nic: the kernel cuts and merges them, as with a "
                + "plain network card.",
            HelpName = "veth|nic",
            DefaultValueFactory = _ => Wire.Veth,
            CustomParser = OptionParser.Choice<Wire>("--wire"),
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object and nothing else." };
        var csv = new Option<bool>("--csv") { Description = "Print a row for each sample and nothing else." };
        var html = new Option<string?>("--html")
        {
            Description = "Write a page with the charts, which needs nothing else to be read.",
            HelpName = "FILE",
            CustomParser = OptionParser.Path("--html"),
        };

        var down = new Command("down", "Remove what a run that was killed has left.");
        down.SetAction(
            parsed => BenchSession.Down(parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));

        var bench = new Command(
            "bench", "Measure what user-space encapsulation costs: between pretend hosts, beside the kernel's own "
                + "ways.")
        {
            quick, rounds, seconds, variants, peers, wire, json, csv, html, down,
            BenchShowCommand.Create(), BenchDiffCommand.Create(), StartCommand.Create(),
            CaptureCommand.Create(),
            PodsCommand.Create(),
        };
        bench.Validators.Add(result =>
        {
            if (result.GetResult(json) is { Implicit: false } && result.GetResult(csv) is { Implicit: false })
            {
                result.AddError("--json and --csv are both given; give one of them");
            }
        });
        bench.SetAction(parsed =>
        {
            bool isQuick = parsed.GetValue(quick);
            Wire chosenWire = parsed.GetValue(wire);
            IReadOnlyList<Variant> chosen =
            [
                .. parsed.GetValue(variants) ?? (isQuick ? Variant.Quick : Variant.All),
                .. (parsed.GetValue(peers) ?? []).Select(peer => Variant.Peer(peer.Name, peer.Command)),
            ];
            BenchPlan plan = isQuick ? BenchPlan.Quick(chosen, chosenWire) : BenchPlan.Full(chosen, chosenWire);
            plan = Checked(plan) with { Rounds = parsed.GetValue(rounds) ?? plan.Rounds };
            var options = new BenchOptions(
                parsed.GetValue(seconds) is double each ? plan.Lasting(TimeSpan.FromSeconds(each)) : plan,
                parsed.GetValue(json) ? BenchFormat.Json : parsed.GetValue(csv) ? BenchFormat.Csv : BenchFormat.Table,
                parsed.GetValue(html),
                CommandLine(Environment.GetCommandLineArgs()));
            return new BenchSession(
                options,
                parsed.InvocationConfiguration.Output,
                parsed.InvocationConfiguration.Error,
                TimeProvider.System).Run();
        });
        return bench;
    }

    /// <summary>As it was given, but without the peers' commands: a key may be among their words.</summary>
    internal static string CommandLine(IReadOnlyList<string> arguments)
    {
        var words = new List<string> { "overlay" };
        for (int i = 1; i < arguments.Count; i++)
        {
            bool isPeer = arguments[i - 1] == "--peer" || arguments[i].StartsWith("--peer=", StringComparison.Ordinal);
            int command = isPeer ? arguments[i]
                .IndexOf('=', arguments[i].StartsWith("--peer=", StringComparison.Ordinal) ? 7 : 0) : -1;
            words.Add(command < 0 ? arguments[i] : arguments[i][..(command + 1)] + "…");
        }

        return string.Join(' ', words);
    }

    private static BenchPlan Checked(BenchPlan plan)
    {
        if (plan.Variants.GroupBy(variant => variant.Name, StringComparer.Ordinal)
            .FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new OperatorException(
                $"'{twice.Key}' is to be measured twice; give each variant and each --peer a name of its own, once");
        }

        return plan.Variants.Count <= BenchPlan.MostVariants
            ? plan
            : throw new OperatorException(
                $"{plan.Variants.Count} variants are more than {BenchPlan.MostVariants}; choose some with --variants");
    }

    private static IReadOnlyList<Variant>? Named(string text)
    {
        List<Variant> named = [];
        foreach (string name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (Variant.All.FirstOrDefault(variant => variant.Name == name) is not { } variant)
            {
                return null;
            }

            named.Add(variant);
        }

        return named;
    }

    private static PeerOption[] Peers(ArgumentResult result)
    {
        List<PeerOption> peers = [];
        foreach (Token token in result.Tokens)
        {
            if (PeerOption.Parse(token.Value) is not { } peer)
            {
                result.AddError(
                    $"--peer is '{token.Value}'; give NAME=COMMAND, the name of 1 to 40 characters without blanks");
                return [];
            }

            peers.Add(peer);
        }

        return [.. peers];
    }
}
