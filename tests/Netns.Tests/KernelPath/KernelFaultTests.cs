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
[Collection(nameof(Alone))]
public sealed class KernelFaultTests : LabTest
{
    private const int TransferBytes = 1 << 20;
    private const string Lost = "the kernel path was disturbed: ";
    private const string Back = "the kernel path is back";

    // An answer counts for 6 s (docs/architecture.md); the rest is for a machine that is slow to say so.
    private static readonly TimeSpan s_unreachedWithin = TimeSpan.FromSeconds(20);

    public KernelFaultTests() => Prerequisites.Require(("ping", "iputils-ping"));

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

        foreach ((string fault, string reason) in ((string, string)[])
        [
            ("link del {0}-merge", "{0}-merge is gone"), ("link set {0}-whole down", "{0}-whole is down"),
            ("link del {0}-vxlan", "{0}-vxlan is gone"),
        ])
        {
            string stem = Helpers(lab, 2)[0].Split('-')[0];
            ComesBack(lab, daemons[1], string.Format(null, reason, stem), () =>
                lab.Ip.Batch(host, [string.Format(null, fault, stem)]));
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
    public void Programs_that_somebody_detaches_are_attached_anew_the_later_the_more_often_it_happens()
    {
        TestLab lab = NewLab(2);
        lab.Datapath = "auto";
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        lab.AwaitReach(1, 2);
        string stem = Helpers(lab, 1)[0].Split('-')[0];

        Detached("the egress of flannel0", "now", "flannel0", BpfAttachPoint.Egress);
        Detached("the ingress of eth0", "in 1 s", "eth0", BpfAttachPoint.Ingress);
        Detached($"the ingress of {stem}-merge", "in 2 s", $"{stem}-merge", BpfAttachPoint.Ingress);

        void Detached(string place, string when, string interfaceName, BpfAttachPoint point) => ComesBack(
            lab, daemon, $"the program at {place} was detached; it is tried again {when}", () =>
            {
                string host = lab.Host(1).HostNamespace;
                int index = LabNamespace.InterfaceIndex(host, interfaceName);
                BpfLink[] links = LabNamespace.Run(host, () => BpfLink.OpenAll(index, point));
                Assert.NotEmpty(links);
                Assert.All(links, link => Assert.True(link.Detach().Succeeded));
                Array.ForEach(links, link => link.Dispose());
            });
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
    [InlineData("-sys_admin", "could not make a network namespace: unshare: EPERM", "CAP_SYS_ADMIN")]
    [InlineData("-sys_admin,-bpf", "could not create the map overlay_routes: bpf: EPERM", "CAP_BPF")]
    public void Without_the_capabilities_user_space_forwards_and_a_line_says_why(
        string missing, string step, string remedy)
    {
        Prerequisites.Require(("setpriv", "util-linux"));
        TestLab lab = NewLab(2);
        string[] wrapper = ["setpriv", "--bounding-set", missing];

        StartAttempt wanted = new StartAttempt(lab).With("--datapath", "kernel");
        CommandResult refused = wanted.Run(wrapper);
        Print(refused.Error);
        wanted.IsRefused(refused, "--datapath kernel", step, remedy);

        StartAttempt either = new StartAttempt(lab).With("--datapath", "auto");
        using RunningProgram daemon = either.Start(wrapper);
        daemon.AwaitError(" ready: ");
        string line = Assert.Single(
            daemon.Errors, line => line.Contains("kernel path cannot be had", StringComparison.Ordinal));
        Assert.Contains(step, line, StringComparison.Ordinal);
        Assert.Contains(remedy, line, StringComparison.Ordinal);
        Assert.Contains(step, lab.AwaitWarning(either.RunDirectory, "no-kernel-path").Cause, StringComparison.Ordinal);
        Print(line);
    }

    // CAP_SYS_ADMIN has contained CAP_BPF from the beginning (capabilities(7)).
    [Fact]
    public void Without_CAP_BPF_alone_the_kernel_forwards()
    {
        Prerequisites.Require(("setpriv", "util-linux"));
        using RunningProgram daemon = new StartAttempt(NewLab(2)).With("--datapath", "kernel").Start(
            ["setpriv", "--bounding-set", "-bpf"]);
        daemon.AwaitError(" ready: ");
        Assert.Contains("datapath kernel", daemon.Errors.Last(line => line.Contains(" ready: ")));
    }

    // One line, traffic goes on meanwhile, and all is as before.
    private static void ComesBack(TestLab lab, RunningProgram daemon, string reason, Action disturb)
    {
        int before = Count(daemon, Lost);
        disturb();
        StreamsCross(lab);
        Await(() => Count(daemon, Back) > before, lab.Logs);
        Assert.Equal(before + 1, Count(daemon, Lost));
        Assert.Contains(reason, daemon.Errors.Last(line => line.Contains(Lost)), StringComparison.Ordinal);
        lab.AwaitReach(1, 2);
        StreamsCross(lab);
    }

    private static void StreamsCross(TestLab lab)
    {
        CommandResult ping = lab.Run(
            lab.Host(1).PodNamespace, "ping", "-n", "-c", "1", "-W", "60", lab.Pod(2).ToString());
        Assert.True(ping.Succeeded, ping.Output);
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
