using System;
using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Capture.Text;
using Overlay.Control;
using Overlay.Diagnosis.Decode;
using Overlay.Net;
using Overlay.Operator.RunningDaemon;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Dump;

/// <summary><c>overlay dump</c>: the packets of this host's daemon, as they pass.</summary>
public static class DumpCommand
{
    private const int HeaderBytes = 96;
    private const int WholePacket = 65_535;
    private const int MostPerSecond = 10_000_000;
    private const int MostSeconds = 7 * 24 * 3600;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var filter = new FilterArgument();
        var drops = new Option<bool>("--drops") { Description = "only packets that the daemon drops, with the reason" };
        var peer = new Option<Ipv4Address?>("--peer")
        {
            Description = "only packets to and from the peer with this public IP",
            HelpName = "IP",
            CustomParser = OptionParser.Of<Ipv4Address?>(
                "--peer", text => Ipv4Address.TryParse(text, out Ipv4Address parsed) ? parsed : null,
                "an IPv4 address"),
        };
        var full = new Option<bool>("--full")
        {
            Description = $"keep whole packets, not their first {HeaderBytes} bytes: what pods say to each other",
        };
        var read = new Option<string?>("--read", "-r")
        {
            Description = "show the packets of a capture file, as overlay decode does",
            HelpName = "FILE",
        };
        Option<int?> rate = Number(
            "--rate", 20_000, 1, MostPerSecond, "packets a second that each of the daemon's workers keeps");
        Option<int?> seconds = Number("--seconds", 600, 1, MostSeconds, "after so many seconds it stops by itself");
        Option<string> runDirectory = DaemonOptions.RunDirectory();
        var options = new DecodeOptions();
        var command = new Command(
            "dump",
            "Show the packets of this host's overlay as they pass, the datagram and the packet inside together, and "
                + "why any is dropped.")
        {
            drops, peer, full, rate, seconds, read, runDirectory,
        };
        filter.AddTo(command);
        options.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(read) is not null
                && (result.GetValue(drops) ? drops.Name : result.GetResult(peer) is not null ? peer.Name : null)
                    is { } live)
            {
                result.AddError(
                    $"{read.Name} shows a file, which {live} does not look through; leave one out, or give a filter");
            }
        });
        command.SetAction((parsed, cancellation) =>
        {
            string words = filter.Read(parsed);
            if (parsed.GetValue(read) is { } file)
            {
                return DecodeCommand.RunAsync(
                    options.Read(parsed, file, words), parsed.InvocationConfiguration.Output,
                    parsed.InvocationConfiguration.Error, cancellation);
            }

            return RunAsync(
                new DumpRequest(
                    parsed.GetRequiredValue(runDirectory),
                    new CaptureRequest(
                        words, parsed.GetValue(full) ? WholePacket : HeaderBytes, parsed.GetValue(rate)!.Value,
                        parsed.GetValue(drops), parsed.GetValue(peer)?.ToString()),
                    options.Read(parsed, DecodeRequest.Standard, words),
                    TimeSpan.FromSeconds(parsed.GetValue(seconds)!.Value)),
                parsed.InvocationConfiguration.Output,
                parsed.InvocationConfiguration.Error,
                cancellation);
        });
        return command;
    }

    // On a host without a processor to spare packets go before their captures: what this program does not take in time
    // is lost, and counted.
    private static void GiveWay()
    {
        try
        {
            using var self = Process.GetCurrentProcess();
            self.PriorityClass = ProcessPriorityClass.BelowNormal;
        }
        catch (Win32Exception)
        {
            // It captures all the same.
        }
    }

    private static Option<int?> Number(string name, int otherwise, int least, int most, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => otherwise,
        CustomParser = OptionParser.Number(name, least, most),
    };

    private static async Task<int> RunAsync(
        DumpRequest request, TextWriter text, TextWriter error, CancellationToken cancellation)
    {
        using var stop = new StopRequest();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stop.Token);
        DecodeRequest shown = request.Shown;
        await using Stream? written =
            shown.Write is { } path ? CaptureFile.OpenWrite(path, DecodeRequest.Standard) : null;
        IDumpOutput output = written is not null
            ? new DumpedFile(written, shown.Write == DecodeRequest.Standard, request.Capture, TimeProvider.System)
            : new DumpedLines(
                new PrintedPackets(text, shown, new TextOptions(
                    TerminalText.IsUnicode(Environment.GetEnvironmentVariable), TimeZoneInfo.Local)
                {
                    ShowsLink = shown.ShowsLink,
                }),
                text, shown);
        GiveWay();
        void Say(string line) => StandardError.Attempt(() => error.WriteLine(TerminalText.Mask(line)));
        var run = new DumpRun(request, output, Say);
        await run.RunAsync(ending.Token);
        Say(run.Summary);
        return ExitCode.Success;
    }
}
