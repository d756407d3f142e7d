using System.Diagnostics;
using System.IO;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.StartStop;

/// <summary>Standard error is a full pipe, and whoever was to read it does not.</summary>
public sealed class StuckLogTests : LabTest
{
    [Theory]
    [InlineData("")]
    [InlineData("link del flannel0")]
    public void The_end_waits_for_no_reader(string before)
    {
        TestLab lab = NewLab(2);
        string log = Path.Combine(lab.Plan.Directory, "log");
        Assert.True(ChildCommand.Run(["mkfifo", log]).Succeeded);

        // Open for reading and writing, so that no open(2) of it blocks, and full.
        using var held = new FileStream(log, FileMode.Open, FileAccess.ReadWrite);
        Assert.False(ChildCommand.Run(
            ["dd", "if=/dev/zero", $"of={log}", "oflag=nonblock", "bs=4096", "count=100000"]).Succeeded);
        var attempt = new StartAttempt(lab);
        using RunningProgram daemon = attempt.Start("sh", "-c", "exec \"$@\" 2> \"$0\"", log);
        Await(() => File.Exists(attempt.SubnetFile), "it never was ready");

        if (before.Length > 0)
        {
            lab.Ip.Batch(lab.Host(1).HostNamespace, [before]);
            Await(() => lab.HasTunnel(1), "a full log has kept it from being made anew");
        }

        long ending = Stopwatch.GetTimestamp();
        daemon.Signal("TERM");

        Assert.Equal(0, daemon.WaitForExit().ExitCode);
        Print($"ended after {Stopwatch.GetElapsedTime(ending).TotalMilliseconds:0} ms");
    }
}
