using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lab;
using Overlay.Lease;
using Overlay.Lease.Etcd.Client;
using Overlay.Lease.Etcd.Store;
using Overlay.Net;
using Overlay.Operator.Leases;
using Overlay.Testing;
using Xunit;

namespace Overlay.Daemon.Tests.Cli;

public sealed class LeaseWatchTests : CliStore
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Each_thing_that_happened_is_one_event()
    {
        LeaseEvents events = new();
        SubnetLease first = LeaseOf("10.244.1.0/24", "192.0.2.1");
        SubnetLease second = LeaseOf("10.244.2.0/24", "192.0.2.2");
        SubnetLease third = LeaseOf("10.244.3.0/24", "192.0.2.3");

        Assert.Equal(["snapshot", "held 10.244.1.0/24"], Names(events.Apply(new LeaseUpdate.Snapshot([first]))));
        Assert.Equal(
            [
                "added 10.244.2.0/24", "renewed 10.244.1.0/24", "changed 10.244.1.0/24", "reserved 10.244.2.0/24",
                "removed 10.244.1.0/24"],
            Names(events.Apply(new LeaseUpdate.Changes(
            [
                LeaseChange.Put(second),
                LeaseChange.Put(second),
                LeaseChange.Put(first with { Expires = first.Expires.AddHours(1) }),
                LeaseChange.Put(LeaseOf("10.244.1.0/24", "192.0.2.11")),
                LeaseChange.Put(second with { Expires = DateTimeOffset.MaxValue }),
                LeaseChange.Removed(first.Subnet),
                LeaseChange.Removed(first.Subnet),
            ]))));
        Assert.Equal(["gap"], Names(events.Apply(new LeaseUpdate.Gap("away"))));
        Assert.Equal(
            ["snapshot", "removed 10.244.2.0/24", "added 10.244.3.0/24"], Names(
                events.Apply(new LeaseUpdate.Snapshot([third]))));
        Assert.Equal(["snapshot"], Names(events.Apply(new LeaseUpdate.Snapshot([third]))));
    }

    [Fact]
    public void An_event_is_one_line_of_text_or_one_of_json()
    {
        SubnetLease lease = LeaseOf("10.244.1.0/24", "192.0.2.1");
        LeaseEvent added = new("added") { Lease = lease };

        Assert.Equal(
            "2026-01-31T12:00:00Z  added     10.244.1.0/24       192.0.2.1        in 24 h 0 min", added.ToLine(s_now));
        Assert.Equal("2026-01-31T12:00:00Z  removed   10.244.1.0/24       192.0.2.1", (added with { Name = "removed" })
            .ToLine(s_now));
        Assert.Equal(
            "2026-01-31T12:00:00Z  snapshot  1 lease", new LeaseEvent("snapshot") { Leases = 1 }.ToLine(s_now));
        Assert.Equal("2026-01-31T12:00:00Z  gap       away?really", new LeaseEvent("gap") { Reason = "away\nreally" }
            .ToLine(s_now));
        Assert.Equal(
            """
            {"schema":1,"time":"2026-01-31T12:00:00Z","event":"added","lease":
            {"subnet":"10.244.1.0/24","publicIp":"192.0.2.1","expires":"2026-02-01T12:00:00Z","reserved":false}}
            """.ReplaceLineEndings(string.Empty),
            added.ToJson(s_now));
        Assert.Equal(
            """{"schema":1,"time":"2026-01-31T12:00:00Z","event":"gap","reason":"away"}""",
            new LeaseEvent("gap") { Reason = "away" }.ToJson(s_now));
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task The_real_program_prints_each_change_until_a_signal_and_ends_with_0(string signal)
    {
        PutLease("10.244.1.0-24", "192.0.2.1", TimeSpan.FromHours(3));
        // A run without a terminal (nohup) ignores SIGHUP, which every program started from there inherits.
        using Process program = Start(
            "env", $"--default-signal={signal}", Executable, "lease", "watch", "--json", "--lease-store", Store);
        using CancellationTokenSource deadline = Deadline();
        try
        {
            Assert.Equal(("snapshot", null), await NextAsync(program, deadline.Token));
            Assert.Equal(("held", "10.244.1.0/24"), await NextAsync(program, deadline.Token));

            PutLease("10.244.2.0-24", "192.0.2.2", TimeSpan.FromHours(3));
            Assert.Equal(("added", "10.244.2.0/24"), await NextAsync(program, deadline.Token));
            PutText("10.244.3.0-24", "{", TimeSpan.FromHours(3));
            Assert.Equal(("warning", null), await NextAsync(program, deadline.Token));
            File.Delete(Path.Combine(Subnets, "10.244.1.0-24"));
            Assert.Equal(("removed", "10.244.1.0/24"), await NextAsync(program, deadline.Token));

            ChildCommand.Signal(signal, [program.Id]);
            Assert.Null(await program.StandardOutput.ReadLineAsync(deadline.Token));
            await program.WaitForExitAsync(deadline.Token);
            Assert.Equal((0, ""), (program.ExitCode, await program.StandardError.ReadToEndAsync(deadline.Token)));
        }
        finally
        {
            program.Kill();
        }
    }

    [Fact]
    public async Task In_etcd_a_lease_is_no_reservation_and_its_renewal_and_its_reservation_are_reported()
    {
        using var server = EtcdServer.Start();
        string[] etcd = ["--etcd-endpoints", server.Endpoint.GetLeftPart(UriPartial.Authority)];
        Assert.Equal(0, (await RunWords(["config", "put", ConfigPath, .. etcd])).ExitCode);
        await using EtcdLeaseStore host = new(
            new EtcdOptions { Endpoints = [server.Endpoint] }, EtcdLeaseStore.DefaultPrefix, TimeProvider.System, _ =>
                { });
        using CancellationTokenSource deadline = Deadline();
        NetworkConfig config = await host.ReadConfigAsync(deadline.Token);
        using Process program = Start([Executable, "lease", "watch", "--json", .. etcd]);
        try
        {
            Assert.Equal(("snapshot", null), await NextAsync(program, deadline.Token));

            var request = new LeaseRequest(LeaseText.Owner("192.0.2.1"), null);
            SubnetLease own = (await host.AcquireAsync(config, request, deadline.Token)).Lease;
            await TellsAsync("added", isReserved: false);
            _ = await host.RenewAsync(own, deadline.Token);
            await TellsAsync("renewed", isReserved: false);
            Assert.Equal(
                0, (await RunWords(
                    ["lease", "reserve", own.Subnet.ToString(), "--public-ip", "192.0.2.1", .. etcd])).ExitCode);
            await TellsAsync("reserved", isReserved: true);

            async Task TellsAsync(string name, bool isReserved)
            {
                string line = await program.StandardOutput.ReadLineAsync(deadline.Token) ?? "";
                Assert.Contains(
                    $"\"event\":\"{name}\",\"lease\":{{\"subnet\":\"{own.Subnet}\"", line, StringComparison.Ordinal);
                Assert.Contains(
                    $"\"expires\":null,\"reserved\":{(isReserved ? "true" : "false")}", line, StringComparison.Ordinal);
            }
        }
        finally
        {
            program.Kill();
        }
    }

    [Fact]
    public void A_lease_that_the_store_ends_is_not_called_one_without_an_end()
    {
        SubnetLease lease = LeaseOf(
            "10.244.1.0/24", "192.0.2.1") with { Expires = DateTimeOffset.MaxValue, IsEndedByStore = true };

        Assert.EndsWith("  when the store ends it", new LeaseEvent("added") { Lease = lease }
            .ToLine(s_now), StringComparison.Ordinal);
        Assert.EndsWith(
            "  never (reserved)", new LeaseEvent("added") { Lease = lease with { IsEndedByStore = false } }
                .ToLine(s_now), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_that_goes_away_ends_it_quietly_though_nothing_happens_any_more()
    {
        using Process shell = Start(
            "bash", "-c", "set -o pipefail; \"$0\" lease watch --lease-store \"$1\" | head -n 1", Executable, Store);
        using CancellationTokenSource deadline = Deadline();
        try
        {
            Assert.EndsWith(
                "snapshot  0 leases", await shell.StandardOutput.ReadLineAsync(deadline.Token),
                StringComparison.Ordinal);
            await shell.WaitForExitAsync(deadline.Token);
            Assert.Equal((0, ""), (shell.ExitCode, await shell.StandardError.ReadToEndAsync(deadline.Token)));
        }
        finally
        {
            shell.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task A_store_without_a_config_is_one_line()
    {
        File.Delete(ConfigPath);

        IsRefused(await Run("lease watch"), 1, $"{ConfigPath} does not exist", "create it");
    }

    private static CancellationTokenSource Deadline()
    {
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        return deadline;
    }

    private static async Task<(string? Event, string? Subnet)> NextAsync(Process program, CancellationToken deadline)
    {
        string line = await program.StandardOutput.ReadLineAsync(deadline)
            ?? throw new EndOfStreamException(await program.StandardError.ReadToEndAsync(deadline));
        var root = JsonElement.Parse(line);
        return (
            root.GetProperty("event").GetString(),
            root.TryGetProperty("lease", out JsonElement lease) ? lease.GetProperty("subnet").GetString() : null);
    }

    private static IEnumerable<string> Names(IReadOnlyList<LeaseEvent> events) =>
        events.Select(each => each.Lease is null ? each.Name : $"{each.Name} {each.Lease.Subnet}");

    private static SubnetLease LeaseOf(string subnet, string publicIp)
    {
        Assert.True(Ipv4Prefix.TryParse(subnet, out Ipv4Prefix prefix));
        Assert.True(Ipv4Address.TryParse(publicIp, out Ipv4Address address));
        return new SubnetLease(prefix, new LeaseAttributes(address), s_now + TimeSpan.FromHours(24));
    }
}
