using System;
using System.CommandLine;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Capture.Files;
using Overlay.Capture.Text;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Decode;

/// <summary><c>overlay decode</c>: a capture file, outer and inner packets together.</summary>
public static class DecodeCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE")
        {
            Description = "a pcap or pcapng file; - for standard input, also while it is written",
        };
        var filter = new FilterArgument();
        var options = new DecodeOptions();
        var command = new Command(
            "decode", "Show the packets of a capture, the outer datagram and the packet inside together.")
        {
            file,
        };
        filter.AddTo(command);
        options.AddTo(command);
        command.SetAction((parsed, cancellation) => RunAsync(
            options.Read(parsed, parsed.GetRequiredValue(file), filter.Read(parsed)),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error,
            cancellation));
        return command;
    }

    /// <summary>Shows a capture file.</summary>
    internal static async Task<int> RunAsync(
        DecodeRequest request, TextWriter text, TextWriter error, CancellationToken cancellation)
    {
        using var stop = new StopRequest();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stop.Token);
        Stream opened;
        try
        {
            // To open a named pipe is to wait for its writer, which cannot be called off.
            opened = await Task.Run(() => CaptureFile.OpenRead(request.File), CancellationToken.None)
                .WaitAsync(ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return stop.ExitCode ?? ExitCode.Success;
        }

        await using Stream capture = opened;
        await using Stream? written = request.Write is { } path ? CaptureFile.OpenWrite(path, request.File) : null;
        IPacketOutput output = written is not null
            ? new WrittenPackets(written, request.Write == DecodeRequest.Standard, request.FilterText)
            : new PrintedPackets(text, request, new TextOptions(
                TerminalText.IsUnicode(Environment.GetEnvironmentVariable), TimeZoneInfo.Local)
            {
                ShowsLink = request.ShowsLink,
            });
        bool isGrowing = !capture.CanSeek;
        var run = new DecodeRun(request, output, isGrowing);
        int code = ExitCode.Success;
        try
        {
            // A read from a pipe cannot be called off; one from a file ends by itself.
            var reading = Task.Run(() => run.ReadAsync(capture, ending.Token), CancellationToken.None);
            await (isGrowing ? reading.WaitAsync(ending.Token) : reading);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            code = stop.ExitCode ?? ExitCode.Success;
        }
        catch (CaptureFormatException problem)
        {
            Say(error, $"overlay: {CaptureFile.NameOf(request.File)}: {problem.Message}");
            code = ExitCode.Failure;
        }

        Say(error, run.Summary);
        return code;
    }

    private static void Say(TextWriter error, string line) =>
        StandardError.Attempt(() => error.WriteLine(TerminalText.Mask(line)));
}
