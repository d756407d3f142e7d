using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Control;
using Overlay.Daemon.Logging;
using Overlay.Daemon.Status;
using Overlay.Health;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Daemon.Tests.Status;

public sealed class StatusHandlersTests : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("overlay-handlers-");
    private readonly DaemonLog _log = new(TimeProvider.System, LogLevel.Warning, _ => { });
    private readonly HealthBoard _health = new(TimeProvider.System);
    private readonly ForwardingDaemon _running = new();
    private readonly ControlServer _server;

    public StatusHandlersTests() =>
        _server = ControlServer.Listen(_directory.FullName, new StatusHandlers(_running, _health, _log).All);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _log.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Events_are_those_that_have_happened_and_with_follow_those_to_come()
    {
        Log.SubnetAdded(_log, "10.5.1.0/24", "172.16.0.4");
        string before = await ControlClient.AskAsync(_directory.FullName, ControlCommands.Events, Cancellation);
        Assert.Contains("\"event\":\"peer_added\"", before, StringComparison.Ordinal);
        await using (IAsyncEnumerator<ReadOnlyMemory<byte>> parts = ControlClient.StreamAsync(
            _directory.FullName, ControlCommands.Events, Cancellation, "follow").GetAsyncEnumerator(Cancellation))
        {
            Assert.True(await parts.MoveNextAsync());
            Assert.Equal(before, Encoding.UTF8.GetString(parts.Current.Span));
            Log.SubnetRemoved(_log, "10.5.1.0/24");
            Assert.True(await parts.MoveNextAsync());
            string later = Encoding.UTF8.GetString(parts.Current.Span);
            Assert.Contains("\"event\":\"peer_removed\"", later, StringComparison.Ordinal);
            Assert.DoesNotContain("peer_added", later, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Before_a_daemon_forwards_and_after_it_the_reason_is_told_and_so_are_events()
    {
        Assert.EndsWith("the daemon is not ready: it is starting", await RefusalAsync(), StringComparison.Ordinal);
        Log.WaitingForStore(_log, "etcd:http://10.0.0.2:2379", "connection refused");
        Assert.EndsWith(
            "it is starting, and its last line is: waiting for the lease store etcd:http://10.0.0.2:2379: "
                + "connection refused",
            await RefusalAsync(), StringComparison.Ordinal);
        _health.Raise(HealthCodes.NotStartedAgain, "", "UDP port 8285 is taken");
        Assert.Contains("not ready: UDP port 8285 is taken; ", await RefusalAsync(), StringComparison.Ordinal);
        Assert.Contains(
            "waiting_for_store",
            await ControlClient.AskAsync(_directory.FullName, ControlCommands.Events, Cancellation),
            StringComparison.Ordinal);

        _running.Open(new DaemonAnswers(null!, () => "overlay_up 1\n", null!, null!));
        Assert.Equal(
            "overlay_up 1\n",
            await ControlClient.AskAsync(_directory.FullName, ControlCommands.Metrics, Cancellation));
        _running.Close();
        Assert.Contains("not ready", await RefusalAsync(), StringComparison.Ordinal);

        async Task<string> RefusalAsync() => (await Assert.ThrowsAsync<OperatorException>(
            () => ControlClient.AskAsync(_directory.FullName, ControlCommands.Metrics, Cancellation))).Message;
    }

    [Fact]
    public async Task The_level_of_the_log_is_read_and_set_and_a_word_that_is_none_is_refused()
    {
        Assert.Equal("warn", await AskAsync(null));
        Assert.Equal("debug", await AskAsync("debug"));
        Assert.Equal(LogLevel.Debug, _log.Level);
        OperatorException refusal = await Assert.ThrowsAsync<OperatorException>(() => AskAsync("loud"));
        Assert.Contains("'loud'; give debug or info or warn or error", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("debug", await AskAsync(null));
    }

    private Task<string> AskAsync(string? level) =>
        ControlClient.AskAsync(_directory.FullName, ControlCommands.LogLevel, Cancellation, level);
}
