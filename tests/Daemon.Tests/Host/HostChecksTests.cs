using System;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Daemon.Health;
using Overlay.Daemon.Host;
using Overlay.Health;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Testing;
using Xunit;

namespace Overlay.Daemon.Tests.Host;

public sealed class HostChecksTests
{
    private readonly ManualTime _clock = new();
    private readonly LineLog _log = new();
    private readonly HealthBoard _health = new(TimeProvider.System);
    private int _refusals = 3;
    private int _looks;
    private int _seldomLooks;

    [Fact]
    public async Task A_watch_that_the_kernel_refuses_is_one_warning_and_tried_again_while_the_looks_go_on()
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task running = Checks().RunAsync(ending.Token);
        await Eventually.IsTrue(() => Volatile.Read(ref _looks) == 1, () => $"{_looks} looks");
        HealthWarning warning = Assert.Single(_health.ReadAll());
        Assert.Equal(
            ("kernel-events-lost", "routes and addresses"), (warning.Code.Name, warning.Subject));
        Assert.Contains("EMFILE", warning.Cause, StringComparison.Ordinal);

        await TickUntil(() => _health.ReadAll().Count == 0);
        Assert.Equal(-1, Volatile.Read(ref _refusals)); // asked once more than it was refused, and not again
        string line = Assert.Single(
            _log.Lines, line => line.Contains("which is tried again", StringComparison.Ordinal));
        Assert.Contains("EMFILE", line, StringComparison.Ordinal);
        Assert.InRange(Volatile.Read(ref _looks), 3, int.MaxValue);

        Assert.False(running.IsCompleted);
        await ending.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private Task TickUntil(Func<bool> condition) => Eventually.IsTrue(
        condition, () => $"{_looks} looks, {_refusals} refusals to come, {_health.ReadAll().Count} warnings",
        () => _clock.Advance(HostChecks.Interval));

    private HostChecks Checks() => new(
        () => Interlocked.Increment(ref _looks), () => Interlocked.Increment(ref _seldomLooks),
        look => Interlocked.Decrement(ref _refusals) >= 0
            ? throw new LinuxException("socket", Errno.EMFILE, "could not open a netlink socket")
            : KernelWatch.Open(NetlinkTopics.Routes, _ => false, look, _log, _health, new WorkTurns()),
        _clock, new WorkTurns())
    {
        Health = _health,
        Log = _log,
    };
}
