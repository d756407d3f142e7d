using System;
using System.CommandLine;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Diagnosis.Report;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Diagnosis.Tests.Report;

/// <summary>What is left of an archive that does not come about, and what is not waited for.</summary>
public sealed class BugReportCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder =
        Directory.CreateTempSubdirectory($"overlay-t{Environment.ProcessId}-report-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_report_that_is_ended_leaves_no_part_of_an_archive()
    {
        string path = Path.Combine(_folder.FullName, "report.tar.gz");
        using var ended = new CancellationTokenSource();
        await ended.CancelAsync();
        int code = await new RootCommand { BugReportCommand.Create() }
            .Parse(["bugreport", "--output", path, "--run-dir", _folder.FullName], CommandProgram.Parsing)
            .InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }, ended.Token);
        Assert.Equal(ExitCode.Success, code);
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void A_device_and_a_pipe_are_named_and_not_read()
    {
        string pipe = Path.Combine(_folder.FullName, "pipe");
        using (var made = Process.Start("mkfifo", [pipe]))
        {
            made.WaitForExit();
        }

        var run = new ReportRun("report", TimeProvider.System);
        run.Write(Stream.Null, [], ["/dev/zero", pipe], TestContext.Current.CancellationToken);
        Assert.Equal(["/dev/zero: no regular file", $"{pipe}: no regular file"], run.Missing);
    }
}
