using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Overlay.Lab;
using Overlay.Linux.Bpf;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.KernelPath;

/// <summary>
/// What others do to the kernel path, and what it cannot be had without: traffic goes on, a line says why.
/// </summary>
public sealed class KernelFaultTests : LabTest
{
    private const int TransferBytes = 1 << 20;
    private const string Lost = "the kernel path was disturbed: ";
    private const string Back = "the kernel path is back";

    // An answer counts for 3.5 s (docs/architecture.md); the rest is for a machine that is slow to say so.
    private static readonly TimeSpan s_unreachedWithin = TimeSpan.FromSeconds(6);

    [Fact]
    public void Helper_interfaces_that_are_taken_are_made_anew_and_the_programs_of_others_stay()
    {
        TestLab lab = NewLab(2);
        lab.Datapath = "auto";
        string host = lab.Host(2).HostNamespace;
        using var others = BpfProgram.Load("others", TakesNothing());
        int underlay = LabNamespace.InterfaceIndex(host, "eth0");
        using BpfLink ingress = LabNamespace.Run(
            host, () => BpfLink.Attach(others, underlay, BpfAttachPoint.Ingress));
        using BpfLink egress = LabNamespace.Run(host, () => BpfLink.Attach(others, underlay, BpfAttachPoint.Egress));
        IReadOnlyList<RunningProgram> daemons = lab.BringUp(1, 2);
        lab.AwaitReach(1, 2);

        foreach (string fault in (string[])["link del {0}-merge", "link set {0}-whole down"])
        {
            int before = Count(daemons[1], Lost);
            string stem = Helpers(lab, 2)[0].Split('-')[0];
            lab.Ip.Batch(host, [string.Format(null, fault, stem)]);

            StreamsCross(lab); // in the midst of it
            Await(() => Count(daemons[1], Back) > before, lab.Logs);
            Assert.Equal(before + 1, Count(daemons[1], Lost));
            lab.AwaitReach(1, 2);
            StreamsCross(lab);
        }

        Assert.Equal(3, Helpers(lab, 2).Count);
        lab.Ip.Run([
            "-n", host, .. "xfrm policy add src 192.0.2.1 dst 192.0.2.2 dir out action block".Split(' ')]);
        daemons[1].AwaitError($"{Lost}this host has 1 policies of IPsec");
        Assert.StartsWith("user (", lab.Counters(2).KernelPath!.State, StringComparison.Ordinal);
        StreamsCross(lab);

        daemons[1].Signal("TERM");
        Assert.Equal(0, daemons[1].WaitForExit().ExitCode);
        Assert.Empty(Helpers(lab, 2));
        Assert.True(ingress.IsAttached && egress.IsAttached, "another's program is gone");
    }

    [Fact]
    public void A_daemon_that_is_killed_leaves_nothing_is_no_longer_reached_and_is_again_after_a_restart()
    {
        TestLab lab = NewLab(2);
        lab.Datapath = "kernel";
        IReadOnlyList<RunningProgram> daemons = lab.BringUp(1, 2);
        lab.AwaitReach(1, 2);
        Assert.Equal(3, Helpers(lab, 2).Count);

        long killed = Stopwatch.GetTimestamp();
        daemons[1].Signal("KILL");
        Assert.True(
            Eventually(() => !lab.IsReached(1, 2), s_unreachedWithin), $"still reached\n{lab.Counters(1).ToTable()}");
        Print($"unreached after {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s");
        Await(() => Helpers(lab, 2).Count == 0, () => string.Join(' ', Helpers(lab, 2)));

        _ = lab.WaitUntilReady(lab.Start(2), 2);
        lab.AwaitReach(1, 2);
        StreamsCross(lab);
        long before = lab.Counters(1).KernelPath!.OutboundPackets;
        StreamsCross(lab);
        Assert.True(lab.Counters(1).KernelPath!.OutboundPackets > before, "not by the kernel");
    }

    [Theory]
    [InlineData("-sys_admin")]
    [InlineData("-sys_admin,-bpf")]
    public void Without_the_capabilities_user_space_forwards_and_a_line_says_why(string missing)
    {
        Prerequisites.Require(("setpriv", "util-linux"));
        TestLab lab = NewLab(2);
        string[] wrapper = ["setpriv", "--bounding-set", missing];

        StartAttempt wanted = new StartAttempt(lab).With("--datapath", "kernel");
        CommandResult refused = wanted.Run(wrapper);
        Print(refused.Error);
        wanted.IsRefused(refused, "--datapath kernel", "CAP_");

        StartAttempt either = new StartAttempt(lab).With("--datapath", "auto");
        using RunningProgram daemon = either.Start(wrapper);
        daemon.AwaitError(" ready: ");
        string line = Assert.Single(
            daemon.Errors, line => line.Contains("kernel path cannot be had", StringComparison.Ordinal));
        Assert.Contains("CAP_", line, StringComparison.Ordinal);
        Print(line);
    }

    private static void StreamsCross(TestLab lab)
    {
        foreach ((int from, int to) in ((int, int)[])[(1, 2), (2, 1)])
        {
            TcpTransfer.ArrivesIntact(
                lab.Host(from).PodNamespace, lab.Host(to).PodNamespace, lab.Pod(to), TransferBytes, seed: from);
        }
    }

    private static List<string> Helpers(TestLab lab, int number) =>
    [
        .. lab.Ip.Run("-n", lab.Host(number).HostNamespace, "-o", "link", "show").Split('\n')
            .Select(line => line.Split(": ")).Where(words => words.Length > 1)
            .Select(words => words[1].Split('@')[0])
            .Where(name => name.StartsWith("ovl", StringComparison.Ordinal)),
    ];

    private static int Count(RunningProgram daemon, string part) =>
        daemon.Errors.Count(line => line.Contains(part, StringComparison.Ordinal));

    private static BpfInstruction[] TakesNothing()
    {
        var code = new BpfAssembler();
        code.Exit(-1); // TCX_NEXT
        return code.Finish();
    }
}
