using System;
using System.Collections.Generic;
using System.IO;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Repair;

/// <summary>A run directory on a file system that is full, or cannot be written any longer.</summary>
public sealed class FullDiskTests : LabTest
{
    private const int Kilobytes = 64;

    [Fact]
    public void While_nothing_can_be_written_pods_go_on_and_the_subnet_file_is_back_as_soon_as_it_can()
    {
        TestLab lab = NewLab(2);
        using var disk = new SmallDisk(Kilobytes);
        _ = lab.BringUp([2], _ => []);
        string run = Path.Combine(disk.Path, "run");
        string file = Path.Combine(run, "subnet.env");
        List<string> words = [.. lab.DaemonWords(1)];
        words[words.IndexOf("--run-dir") + 1] = run;
        words[words.IndexOf("--subnet-file") + 1] = file;
        RunningProgram daemon = lab.Keep(1, RunningProgram.Start(words));
        daemon.AwaitError(" ready: ");
        lab.AttachPod(1, SubnetFacts.Read(file));
        lab.AwaitPath(1, 2);
        string content = File.ReadAllText(file);

        // Another name for the file: its block is not free once it is gone.
        string ballast = Path.Combine(disk.Path, "ballast");
        Assert.True(ChildCommand.Run(["ln", file, Path.Combine(disk.Path, "kept")]).Succeeded);
        Fill(ballast);
        File.Delete(file);
        daemon.AwaitError("was removed and cannot be written, which is tried again each second: ");
        lab.AwaitPath(1, 2);
        File.Delete(ballast);
        Await(() => File.Exists(file) && File.ReadAllText(file) == content, () => daemon.Tail());

        Assert.False(daemon.HasExited);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_start_where_nothing_can_be_written_ends_with_one_line_and_leaves_nothing(bool isReadOnly)
    {
        TestLab lab = NewLab(2);
        using var disk = new SmallDisk(Kilobytes);
        string run = Directory.CreateDirectory(Path.Combine(disk.Path, "run")).FullName;
        if (isReadOnly)
        {
            CommandResult result = ChildCommand.Run(["mount", "-o", "remount,ro", disk.Path]);
            Assert.True(result.Succeeded, result.Error);
        }
        else
        {
            Fill(Path.Combine(disk.Path, "ballast"));
        }

        List<string> words = [.. lab.DaemonWords(1)];
        words[words.IndexOf("--run-dir") + 1] = run;
        using var daemon = RunningProgram.Start(words);

        CommandResult end = daemon.WaitForExit();

        Assert.Equal(1, end.ExitCode);
        Assert.StartsWith("overlay: ", daemon.Errors[^1], StringComparison.Ordinal);
        Assert.Contains(run, daemon.Errors[^1], StringComparison.Ordinal);
        Assert.False(lab.HasTunnel(1));
    }

    private static void Fill(string path)
    {
        using FileStream stream = File.Create(path, 1);
        byte[] block = new byte[512];
        try
        {
            while (true)
            {
                stream.Write(block);
                stream.Flush(flushToDisk: true);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }
}
