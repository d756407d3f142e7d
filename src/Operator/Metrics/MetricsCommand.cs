using System;
using System.CommandLine;
using System.IO;
using System.Text;
using Overlay.Control;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Operator.RunningDaemon;
using Overlay.Terminal;

namespace Overlay.Operator.Metrics;

/// <summary><c>overlay metrics</c>: the running daemon's metrics in the text format of Prometheus.</summary>
public static class MetricsCommand
{
    /// <summary>The commands.</summary>
    public static Command Create()
    {
        var command = new Command("metrics", "Print the metrics of the daemon on this host, in Prometheus text.");
        Option<string> runDirectory = DaemonOptions.RunDirectory();
        command.Add(runDirectory);
        SetPrint(command, runDirectory);
        command.Add(CreatePrint());
        command.Add(CreateWrite());
        return command;
    }

    private static Command CreatePrint()
    {
        Option<string> runDirectory = DaemonOptions.RunDirectory();
        var command = new Command("print", "Print them, as without a word.") { runDirectory };
        SetPrint(command, runDirectory);
        return command;
    }

    private static void SetPrint(Command command, Option<string> runDirectory) =>
        command.SetAction(async (parsed, cancellation) =>
        {
            await Console.Out.WriteAsync(await ControlClient.AskAsync(
                parsed.GetRequiredValue(runDirectory), ControlCommands.Metrics, cancellation));
            return ExitCode.Success;
        });

    private static Command CreateWrite()
    {
        Option<string> runDirectory = DaemonOptions.RunDirectory();
        var file = new Argument<string>("FILE")
        {
            Description = "a name that ends in .prom in node_exporter's textfile directory",
            CustomParser = OptionParser.Path("FILE"),
        };
        var command = new Command(
            "write", "Write them to a file, replaced as a whole: for node_exporter's textfile collector.")
        {
            file, runDirectory,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(file);
            RequireReplaceable(path);
            string text = await ControlClient.AskAsync(
                parsed.GetRequiredValue(runDirectory), ControlCommands.Metrics, cancellation);
            try
            {
                AtomicFile.Write(path, Encoding.UTF8.GetBytes(text));
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                throw new OperatorException(
                    $"could not write {path}: {problem.Message.TrimEnd('.')}; make its directory, or choose another",
                    problem);
            }

            return ExitCode.Success;
        });
        return command;
    }

    // The file is replaced, so a device, a pipe or a link would be gone.
    private static void RequireReplaceable(string path)
    {
        if (new FileInfo(path).LinkTarget is { } target)
        {
            throw new OperatorException($"{path} is a link to {target}, which would be replaced; name the file itself");
        }

        if (FileNode.KindOf(path) is not (FileNodeKind.None or FileNodeKind.Regular))
        {
            throw new OperatorException($"{path} is no regular file; give a name that ends in .prom, or remove it");
        }
    }
}
