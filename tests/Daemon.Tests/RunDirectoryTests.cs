using System;
using System.IO;
using Xunit;

namespace Overlay.Daemon.Tests;

public sealed class RunDirectoryTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("overlay-run");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void It_is_created_and_the_second_taker_is_told_who_holds_it()
    {
        string path = Path.Combine(_directory.FullName, "a", "b");
        using (RunDirectory.Take(path))
        {
            OperatorException refused = Assert.Throws<OperatorException>(() => RunDirectory.Take(path));
            Assert.Contains($"process {Environment.ProcessId}", refused.Message);
        }

        RunDirectory.Take(path).Dispose();
    }

    [Fact]
    public void What_a_killed_daemon_left_does_not_keep_the_next_one_out()
    {
        File.WriteAllText(Path.Combine(_directory.FullName, "pid"), $"{Environment.ProcessId}\n");
        RunDirectory.Take(_directory.FullName).Dispose();
    }

    [Fact]
    public void A_directory_that_cannot_be_made_is_one_line_with_the_remedy() =>
        Assert.Contains("--run-dir", Assert.Throws<OperatorException>(() => RunDirectory.Take("/proc/overlay")).Message);
}
