using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Overlay.Daemon.Firewall;
using Overlay.Daemon.Health;
using Overlay.Daemon.Options;
using Overlay.Firewall;
using Overlay.Health;
using Overlay.Net;
using Overlay.Terminal;
using Overlay.Testing;
using Xunit;

namespace Overlay.Daemon.Tests.Firewall;

public sealed class FirewallKeeperTests : IDisposable
{
    private readonly LineLog _log = new();
    private readonly ScriptedRuleset _used = new();
    private readonly ScriptedRuleset _other = new();
    private readonly HealthBoard _health = new(TimeProvider.System);
    private readonly FirewallKeeper _keeper;

    public FirewallKeeperTests() => _keeper = new FirewallKeeper(
        new FirewallChoice(Masquerade: true, Forward: true, RandomFully: false, TimeSpan.FromHours(1)), _used, _other,
        Traffic.Both, TimeProvider.System, _health, _log);

    public void Dispose() => _keeper.Dispose();

    [Fact]
    public void A_program_that_is_missing_is_one_line_the_start_goes_on_and_the_rules_are_made_once_it_is_there()
    {
        _used.Failure = "iptables is not installed; install the package iptables";

        _keeper.Start();
        _keeper.Check(isAnnounced: false);
        IReadOnlyList<HealthWarning> raised = _health.ReadAll();
        _used.Failure = null;
        _used.Findings = ["chain FLANNEL-FWD"];
        _keeper.Check(isAnnounced: false);

        Assert.Equal(
            [(HealthCodes.FirewallToolMissing, _used.MissingLine)],
            raised.Select(warning => (warning.Code, warning.Cause)));
        Assert.Empty(_health.ReadAll());
        Assert.Collection(
            _log.Lines,
            line => Assert.EndsWith($"tried again every 3600 s: {_used.MissingLine}", line, StringComparison.Ordinal),
            line => Assert.Contains("can be looked after again", line, StringComparison.Ordinal),
            line => Assert.Equal(
                "Some scripted rules are missing; deleting and recreating rules: chain FLANNEL-FWD", line));
    }

    [Fact]
    public void Each_repair_is_counted_and_logged_once_and_a_look_that_finds_nothing_is_not()
    {
        _keeper.Start();
        _used.Findings = ["rules of FLANNEL-FWD"];
        _keeper.Check(isAnnounced: false);
        _used.Findings = [];
        _keeper.Check(isAnnounced: false);

        Assert.Equal(1, _health.Repairs.Of(RepairedObject.Firewall));
        Assert.Single(_log.Lines, line => line.Contains("recreating", StringComparison.Ordinal));
        Assert.False(_used.Asserted.First().RandomFully);
    }

    [Fact]
    public void Rules_that_the_kernel_tells_nothing_of_are_looked_at_within_a_second_once_some_come_or_go()
    {
        var clock = new ManualTime();
        _used.Shape = "2 rules";
        using var keeper = new FirewallKeeper(
            new FirewallChoice(Masquerade: true, Forward: true, RandomFully: false, TimeSpan.FromSeconds(10)), _used,
            _other, Traffic.Both, clock, _health, _log);
        keeper.Start();
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Single(_used.Asserted);

        _used.Shape = "1 rule";
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, _used.Asserted.Count);
        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(2, _used.Asserted.Count);
        clock.Advance(TimeSpan.FromSeconds(1)); // what has the same shape is looked at in the end, too
        Assert.Equal(3, _used.Asserted.Count);
    }

    [Fact]
    public void The_kind_that_is_not_in_use_is_cleaned_first_and_another_subnet_is_followed_after_the_start_alone()
    {
        var moved = Ipv4Prefix.Parse("10.42.9.0/24");
        _other.Findings = ["table flannel-ipv4"];
        _keeper.MoveTo(moved);
        Assert.Empty(_used.Asserted);

        _keeper.Start();
        _keeper.MoveTo(moved);
        Assert.Equal([moved], _used.Asserted.Select(traffic => traffic.Subnet));
        _used.Findings = ["rules of FLANNEL-POSTRTG"];
        _keeper.MoveTo(Traffic.Both.Subnet); // does not wait; the check does, whichever thread goes over
        _keeper.Check(isAnnounced: false);

        Assert.Equal(Traffic.Both.Subnet, _used.Asserted.Last().Subnet);
        OverlayTraffic removed = Assert.Single(_other.Asserted);
        Assert.False(removed.Masquerade || removed.Forward);
        Assert.Contains("firewall rules are those of subnet 10.42.1.0/24 now", _log.Lines);
        Assert.Equal(0, _health.Repairs.Of(RepairedObject.Firewall));
    }

    [Fact]
    public void An_obstacle_of_others_is_warned_of_once_and_is_over_when_it_is_gone()
    {
        _other.Obstacles = [new FirewallObstacle(
            HealthCodes.FirewallForwardReject, "firewalld", "firewalld rejects", "trust the interfaces")];
        _keeper.Start();
        _used.Findings = ["chain FLANNEL-FWD"];
        _keeper.Check(isAnnounced: false);

        Assert.Single(_log.Lines, line => line == "firewalld rejects; trust the interfaces");
        Assert.Equal(
            [(HealthCodes.FirewallForwardReject, "firewalld", "trust the interfaces")],
            _health.ReadAll().Select(warning => (warning.Code, warning.Subject, warning.Remedy)));

        _other.Obstacles = [];
        _keeper.Check(isAnnounced: true);
        Assert.Empty(_health.ReadAll());
    }

    [Fact]
    public void Obstacles_of_each_kind_are_looked_for_whatever_becomes_of_the_other()
    {
        _used.Obstacles = [new FirewallObstacle(
            HealthCodes.FirewallForwardReject, "inet f forward", "it drops", "accept it")];
        _other.Failure = "not installed";
        _keeper.Start();
        Assert.Equal("inet f forward", Assert.Single(_health.ReadAll()).Subject);

        _other.Failure = null;
        _other.Obstacles = [new FirewallObstacle(
            HealthCodes.FirewallForwardReject, "firewalld", "firewalld rejects", "trust the interfaces")];
        _used.LookFailure = "nft: it fails";
        _keeper.Check(isAnnounced: true);
        Assert.Equal(
            ["firewalld", "inet f forward"], _health.ReadAll().Select(warning => warning.Subject).Order());
        Assert.Contains("firewall rules of others could not be looked at by scripted: nft: it fails", _log.Lines);
    }

    [Fact]
    public void A_check_that_gets_no_further_hangs_once_all_its_programs_would_have_been_stopped()
    {
        var clock = new ManualTime();
        var progress = new WorkerProgress(clock, TimeSpan.FromSeconds(10));
        using var keeper = new FirewallKeeper(
            new FirewallChoice(Masquerade: true, Forward: true, RandomFully: false, TimeSpan.FromHours(1)), _used,
            _other, Traffic.Both, clock, _health, _log)
        {
            Turns = progress.Watch("firewall", FirewallKeeper.LongestTurn),
        };
        keeper.Start();
        using var inside = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        _used.Running = () =>
        {
            inside.Set();
            leave.Wait(CancellationToken.None);
        };
        var slow = new Thread(() => keeper.Check(isAnnounced: true));
        slow.Start();
        inside.Wait(TestContext.Current.CancellationToken);

        Assert.Empty(progress.FindHung());
        clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Empty(progress.FindHung());
        clock.Advance(FirewallKeeper.LongestTurn);
        Assert.Equal(["firewall"], progress.FindHung());
        leave.Set();
        slow.Join();
        Assert.Empty(progress.FindHung());
    }

    [Fact]
    public void A_program_that_the_stop_has_ended_is_no_trouble_and_the_move_to_another_subnet_waits_for_none()
    {
        _keeper.Start();
        using var inside = new ManualResetEventSlim();
        using var stop = new ManualResetEventSlim();
        _used.Running = () =>
        {
            inside.Set();
            stop.Wait();
            throw new OperationCanceledException();
        };
        var slow = new Thread(() => _keeper.Check(isAnnounced: true));
        slow.Start();
        inside.Wait(TestContext.Current.CancellationToken);
        _keeper.MoveTo(Ipv4Prefix.Parse("10.42.9.0/24")); // returns while the program runs

        stop.Set();
        slow.Join();
        _keeper.Dispose();
        Assert.Empty(_health.ReadAll());
        Assert.DoesNotContain(_log.Lines, line => line.Contains("tried again", StringComparison.Ordinal));
    }

    private sealed class ScriptedRuleset : IRuleset
    {
        public string Tool => "scripted";

        public string Description => "scripted 1.0";

        public bool IsInstalled => Failure is null;

        public bool IsAnnounced => false;

        internal string? Failure { get; set; }

        internal string? Shape { get; set; }

        internal string MissingLine { get; } = "iptables is not installed; install the package iptables";

        internal IReadOnlyList<string> Findings { get; set; } = [];

        internal IReadOnlyList<FirewallObstacle> Obstacles { get; set; } = [];

        internal string? LookFailure { get; set; }

        internal Action? Running { get; set; }

        internal ConcurrentQueue<OverlayTraffic> Asserted { get; } = [];

        public string? ReadShape(OverlayTraffic traffic) => Shape;

        public IReadOnlyList<string> Assert(OverlayTraffic traffic)
        {
            Running?.Invoke();
            if (Failure is not null)
            {
                throw new OperatorException(Failure);
            }

            Asserted.Enqueue(traffic);
            IReadOnlyList<string> findings = Findings;
            Findings = []; // put back
            return findings;
        }

        public IReadOnlyList<FirewallObstacle> FindObstacles(OverlayTraffic traffic, bool isInUse) =>
            LookFailure is null ? Obstacles : throw new OperatorException(LookFailure);
    }
}
