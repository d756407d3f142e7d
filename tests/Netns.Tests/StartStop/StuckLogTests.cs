using System;
using System.Diagnostics;
using System.IO;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.StartStop;

/// <summary>Standard error is a full pipe, and whoever was to read it does not.</summary>
public sealed class StuckLogTests : LabTest
{
    // A stop takes less than 2 s, of which this leaves some to a busy machine.
    private static readonly TimeSpan s_within = TimeSpan.FromSeconds(1.5);

    [Theory]
    [InlineData("", 0)]
    [InlineData("link del flannel0", 1)]
    public void The_end_waits_for_no_reader(string end, int exitCode)
    {
        TestLab lab = NewLab(2);
        string log = Path.Combine(lab.Plan.Directory, "log");
        Assert.True(ChildCommand.Run(["mkfifo", log]).Succeeded);
        using FileStream held = new(log, FileMode.Open, FileAccess.ReadWrite); // both ends: nobody waits for the other
        // full
        Assert.False(ChildCommand.Run(
            ["dd", "if=/dev/zero", $"of={log}", "oflag=nonblock", "bs=4096", "count=100000"]).Succeeded);
        var attempt = new StartAttempt(lab);
        using RunningProgram daemon = attempt.Start("sh", "-c", "exec \"$@\" 2> \"$0\"", log);
        Assert.True(Eventually(() => File.Exists(attempt.SubnetFile), TestLab.Patience), "it never was ready");

        long ending = Stopwatch.GetTimestamp();
        if (end.Length > 0)
        {
            lab.Ip.Batch(lab.Host(1).HostNamespace, [end]);
        }
        else
        {
            daemon.Signal("TERM");
        }

        Assert.Equal(exitCode, daemon.WaitForExit(s_within).ExitCode);
        Print($"ended after {Stopwatch.GetElapsedTime(ending).TotalMilliseconds:0} ms");
    }
}
