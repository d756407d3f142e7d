using System;
using System.Diagnostics;
using System.IO;
using Overlay.Daemon.Start;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Daemon.Tests.Start;

public sealed class RunDirectoryTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("overlay-run");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void It_is_created_and_the_second_taker_learns_who_holds_it()
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

    [Theory]
    [InlineData("pid", "notes of somebody\n", "holds no process id")]
    [InlineData("overlay.sock", "", "is no socket")]
    public void A_foreign_file_under_one_of_our_names_is_refused_and_stays(string name, string content, string why)
    {
        string foreign = Path.Combine(_directory.FullName, name);
        File.WriteAllText(foreign, content);

        string line = Assert.Throws<OperatorException>(() => RunDirectory.Take(_directory.FullName)).Message;

        Assert.Contains($"{foreign} is not overlay's: it {why}; remove it, or choose another --run-dir", line);
        Assert.Equal(content, File.ReadAllText(foreign));
        File.Delete(foreign);
        RunDirectory.Take(_directory.FullName).Dispose(); // the refused one holds no lock
    }

    [Theory]
    [InlineData("mkfifo")] // to open it would wait for a reader
    [InlineData("mkdir")]
    public void A_lock_that_is_no_file_is_refused_with_the_remedy(string command)
    {
        string path = Path.Combine(_directory.FullName, "lock");
        using (var made = Process.Start(command, [path]))
        {
            made.WaitForExit();
        }

        string line = Assert.Throws<OperatorException>(() => RunDirectory.Take(_directory.FullName)).Message;

        Assert.Equal(
            $"could not use the run directory {_directory.FullName}: {path} is not a regular file: remove it; choose "
                + "another --run-dir",
            line);
    }

    [Theory]
    [InlineData("")]
    [InlineData("123")]
    public void A_process_id_cut_short_by_a_full_disk_is_replaced(string left)
    {
        string path = Path.Combine(_directory.FullName, "pid");
        File.WriteAllText(path, left);

        using var taken = RunDirectory.Take(_directory.FullName);

        Assert.Equal($"{Environment.ProcessId}\n", File.ReadAllText(path));
    }

    [Fact]
    public void A_directory_too_long_for_a_socket_is_refused_before_it_is_made()
    {
        string path = Path.Combine(_directory.FullName, new string('x', 100));

        Assert.Contains(
            "bytes too long for a socket", Assert.Throws<OperatorException>(() => RunDirectory.Take(path)).Message);

        Assert.False(Directory.Exists(path));
    }

    [Fact]
    public void A_directory_that_cannot_be_made_is_one_line_with_the_remedy() =>
        Assert.Contains(
            "--run-dir", Assert.Throws<OperatorException>(() => RunDirectory.Take("/proc/overlay")).Message);
}
