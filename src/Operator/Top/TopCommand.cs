using System;
using System.CommandLine;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Control;
using Overlay.Operator.RunningDaemon;
using Overlay.Operator.Status;
using Overlay.Terminal;
using Spectre.Console;

namespace Overlay.Operator.Top;

/// <summary><c>overlay top</c>: rates by peer, drawn in place until q or Ctrl-C.</summary>
public static class TopCommand
{
    private const int LongestInterval = 60;

    private const string NoAnswer = "no answer, trying again";

    private static readonly TimeSpan s_keys = TimeSpan.FromMilliseconds(100);

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<string> runDirectory = DaemonOptions.RunDirectory();
        var interval = new Option<int?>("--interval")
        {
            Description = $"seconds between two looks, 1 to {LongestInterval}",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => 1,
            CustomParser = OptionParser.Number("--interval", 1, LongestInterval),
        };
        var count = new Option<int?>("--count")
        {
            Description = "end after so many intervals; without one, at q or Ctrl-C",
            HelpName = "N",
            CustomParser = OptionParser.Number("--count", 1, int.MaxValue),
        };
        var json = new Option<bool>("--json") { Description = "print one JSON object for each interval, a line each" };
        var command = new Command(
            "top", "Show each peer's rates live, with drops, processor time and what is wrong.")
        {
            runDirectory, interval, count, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            bool isJson = parsed.GetValue(json);
            if (!isJson && TextTable.WidthOf(Console.Out) == TextTable.Unlimited)
            {
                throw new OperatorException(
                    "standard output is no terminal to draw on; give --json for a program");
            }

            using var stop = new StopRequest();
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stop.Token);
            try
            {
                string directory = parsed.GetRequiredValue(runDirectory);
                var pause = TimeSpan.FromSeconds(parsed.GetValue(interval) ?? 1);
                int times = parsed.GetValue(count) ?? int.MaxValue;
                await (isJson
                    ? PrintAsync(directory, pause, times, ending.Token)
                    : DrawAsync(directory, pause, times, ending.Token));
                return ExitCode.Success;
            }
            catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
            {
                return stop.ExitCode ?? ExitCode.Success;
            }
        });
        return command;
    }

    // Rates are of what lies between two looks, so the first look has no line.
    private static async Task PrintAsync(
        string directory, TimeSpan interval, int count, CancellationToken cancellation)
    {
        var rates = new PeerRates();
        _ = rates.Take(await AskAsync(directory, cancellation));
        while (count > 0)
        {
            await Task.Delay(interval, cancellation);
            try
            {
                TopSample sample = rates.Take(await AskAsync(directory, cancellation));
                await Console.Out.WriteLineAsync(TopReport.Of(sample).ToJson());
                count--;
            }
            catch (OperatorException) // it is started anew, say
            {
                StandardError.WriteLine($"overlay: {NoAnswer}");
            }
        }
    }

    private static async Task DrawAsync(
        string directory, TimeSpan interval, int count, CancellationToken cancellation)
    {
        var rates = new PeerRates();
        TopSample sample = rates.Take(await AskAsync(directory, cancellation));
        bool isUnicode = TerminalText.IsUnicode(Environment.GetEnvironmentVariable);
        IAnsiConsole console = AnsiConsole.Console;
        await console.Live(Draw(console, sample, isUnicode)).AutoClear(false).StartAsync(async live =>
        {
            while (count-- > 0 && await WaitAsync(Task.Delay(interval, cancellation), cancellation))
            {
                using var asked = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                Task<StatusReport> asking = AskAsync(directory, asked.Token);
                if (!await WaitAsync(asking, cancellation))
                {
                    await asked.CancelAsync();
                    await ((Task)asking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    return;
                }

                string? notice = null;
                try
                {
                    sample = rates.Take(await asking);
                }
                catch (OperatorException)
                {
                    notice = NoAnswer; // it is started anew, say
                }

                live.UpdateTarget(Draw(console, sample, isUnicode, notice));
            }
        });
    }

    private static Spectre.Console.Rendering.IRenderable Draw(
        IAnsiConsole console, TopSample sample, bool isUnicode, string? notice = null)
    {
        int width = TextTable.WidthOf(Console.Out);
        return TopView.Draw(sample, width, Math.Max(console.Profile.Height, 10), isUnicode, notice);
    }

    private static async Task<StatusReport> AskAsync(string directory, CancellationToken cancellation) =>
        StatusCommand.Parse(
            await ControlClient.AskAsync(directory, ControlCommands.Status, cancellation), directory);

    // False when q was typed.
    private static async Task<bool> WaitAsync(Task until, CancellationToken cancellation)
    {
        while (!until.IsCompleted)
        {
            if (!Console.IsInputRedirected && Console.KeyAvailable
                && Console.ReadKey(intercept: true).Key is ConsoleKey.Q or ConsoleKey.Escape)
            {
                return false;
            }

            _ = await Task.WhenAny(until, Task.Delay(s_keys, cancellation));
            cancellation.ThrowIfCancellationRequested();
        }

        return true;
    }
}
