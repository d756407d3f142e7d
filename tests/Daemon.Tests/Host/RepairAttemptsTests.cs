using System;
using System.IO;
using Overlay.Daemon.Host;
using Overlay.Health;
using Overlay.Linux;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Daemon.Tests.Host;

public sealed class RepairAttemptsTests
{
    private readonly LineLog _log = new();
    private readonly HealthBoard _health = new(TimeProvider.System);
    private readonly RepairAttempts _repairs;

    public RepairAttemptsTests() => _repairs = new RepairAttempts(_log) { Health = _health };

    [Fact]
    public void Neither_a_refusal_nor_a_malformed_answer_nor_what_is_in_the_way_ends_more_than_the_attempt()
    {
        Exception[] problems =
        [
            new LinuxException("sendto", Errno.ENOBUFS, "could not send"), new InvalidDataException("cut short"),
            new OperatorException("a route is in the way"),
        ];
        foreach (Exception problem in problems)
        {
            Assert.False(_repairs.Try("eth0", () => throw problem));
            Assert.Equal(problem.Message, _repairs.Failure);
            HealthWarning raised = Assert.Single(_health.ReadAll());
            Assert.Equal((HealthCodes.RepairFailed, problem.Message), (raised.Code, raised.Cause));
            Assert.Contains(problem.Message, _log.Lines[^1], StringComparison.Ordinal);
        }

        Assert.Equal(problems.Length, _log.Lines.Count);
        Assert.Throws<InvalidOperationException>(
            () => _repairs.Try("eth0", () => throw new InvalidOperationException("a defect")));
    }

    [Fact]
    public void A_failure_is_logged_once_until_it_is_another_or_a_repair_has_succeeded_meanwhile()
    {
        Fail("one");
        Fail("one");
        Assert.Single(_log.Lines);

        Fail("two");
        Assert.Equal(2, _log.Lines.Count);

        Assert.True(_repairs.Try("eth0", () => { }));
        Assert.Empty(_health.ReadAll());
        Assert.Null(_repairs.Failure);
        Fail("two");
        Assert.Equal(3, _log.Lines.Count);

        void Fail(string reason) =>
            Assert.False(_repairs.Try("eth0", () => throw new InvalidDataException(reason)));
    }
}
