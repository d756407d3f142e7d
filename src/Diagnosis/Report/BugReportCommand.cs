using System;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease;
using Overlay.Operator.RunningDaemon;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Report;

/// <summary><c>overlay bugreport</c>: all that somebody else needs to find out what is wrong, in one archive.</summary>
public static class BugReportCommand
{
    private const string Standard = "-";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<string> runDirectory = DaemonOptions.RunDirectory();
        var output = new Option<string?>("--output", "-o")
        {
            Description = "where the archive goes, - for standard output [default: a name with host and time, here]",
            HelpName = "FILE",
        };
        var subnetFile = new Option<string>("--subnet-file")
        {
            Description = "where subnet.env is",
            HelpName = "FILE",
            DefaultValueFactory = _ => SubnetEnvFile.DefaultPath,
            CustomParser = OptionParser.Path("--subnet-file"),
        };
        var command = new Command(
            "bugreport",
            "Pack what the daemon says, what the doctor finds and what the kernel has into one archive, without "
                + "passwords and keys. It changes nothing.") { output, subnetFile, runDirectory };
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(
            parsed.GetValue(output), parsed.GetRequiredValue(runDirectory), parsed.GetRequiredValue(subnetFile),
            parsed.InvocationConfiguration.Output, cancellation)));
        return command;
    }

    private static int Run(
        string? output, string runDirectory, string subnetFile, TextWriter text, CancellationToken cancellation)
    {
        using var stop = new StopRequest();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stop.Token);
        string folder = string.Create(
            CultureInfo.InvariantCulture,
            $"overlay-report-{Environment.MachineName}-{TimeProvider.System.GetUtcNow():yyyyMMdd-HHmmss}");
        string path = output ?? $"{folder}.tar.gz";
        var run = new ReportRun(folder, TimeProvider.System);
        bool isWhole = false;
        try
        {
            using (Stream stream = Open(path))
            {
                try
                {
                    run.Write(
                        stream, ReportItems.Commands(runDirectory), ReportItems.Files(subnetFile), ending.Token);
                    stream.Flush();
                    isWhole = true;
                }
                finally
                {
                    // What was there before is not opened, so it is the part of an archive that nobody can unpack.
                    if (!isWhole && path != Standard)
                    {
                        File.Delete(path);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return stop.ExitCode ?? ExitCode.Success;
        }

        foreach (string missing in run.Missing)
        {
            StandardError.WriteLine(TerminalText.Mask($"not included: {missing}"));
        }

        if (path != Standard)
        {
            text.WriteLine(
                $"{path}: look into it before you give it away; addresses and names of hosts are in there");
        }

        return ExitCode.Success;
    }

    // Only its owner may read it.
    private static Stream Open(string path)
    {
        if (path == Standard)
        {
            return Console.OpenStandardOutput();
        }

        try
        {
            return new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new OperatorException(
                $"the archive '{path}' cannot be made: {problem.Message.TrimEnd('.')}; give another --output", problem);
        }
    }
}
