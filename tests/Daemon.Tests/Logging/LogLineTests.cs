using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Testing;
using Xunit;

namespace Overlay.Daemon.Tests.Logging;

public sealed class LogLineTests : IDisposable
{
    private static readonly DateTimeOffset s_time = new(2026, 1, 31, 12, 0, 0, 250, TimeSpan.Zero);

    private readonly ManualTime _clock = new(s_time);
    private readonly List<LogLine> _written = [];
    private readonly DaemonLog _log;

    public LogLineTests() => _log = new DaemonLog(_clock, LogLevel.Information, _written.Add);

    public void Dispose() => _log.Dispose();

    [Fact]
    public void A_line_has_its_event_and_its_fields_in_each_format()
    {
        Log.SubnetAdded(_log, "10.5.1.0/24", "172.16.0.4");
        LogLine line = Assert.Single(_written);
        Assert.Equal(
            "2026-01-31T12:00:00.250Z info  Subnet added: 10.5.1.0/24 via 172.16.0.4",
            LineForms.Write(LogFormat.Text, line));
        Assert.Matches(
            new Regex(
                @"^I0[12]\d\d \d\d:\d\d:\d\d\.250000 +\d+ peer_added:4\] Subnet added: 10\.5\.1\.0/24 via "
                    + @"172\.16\.0\.4$"),
            LineForms.Write(LogFormat.Klog, line));
        using var json = JsonDocument.Parse(LineForms.Write(LogFormat.Json, line));
        Assert.Equal(
            ["ts=2026-01-31T12:00:00.250Z", "level=info", "event=peer_added", "id=4",
                "msg=Subnet added: 10.5.1.0/24 via 172.16.0.4", "subnet=10.5.1.0/24", "public_ip=172.16.0.4"],
            json.RootElement.EnumerateObject().Select(field => $"{field.Name}={field.Value}"));
    }

    [Fact]
    public void No_password_of_a_url_and_no_control_character_gets_into_a_line_or_its_fields()
    {
        Log.StoreWarning(_log, "https://root:secret@10.0.0.1:2379 \u001b[2J is away, http://10.0.0.2/a@b is not");
        LogLine line = Assert.Single(_written);
        Assert.Equal("lease store: https://***@10.0.0.1:2379 ?[2J is away, http://10.0.0.2/a@b is not", line.Text);
        Assert.DoesNotContain("secret", LineForms.Json(line), StringComparison.Ordinal);
    }

    [Fact]
    public void Three_lines_of_the_same_words_pass_and_the_rest_of_a_minute_is_one_line()
    {
        for (int i = 0; i < 10; i++)
        {
            Log.StoreWarning(_log, "no space left");
        }

        Log.StoreWarning(_log, "another");
        Assert.Equal(4, _written.Count);
        _clock.Advance(LineFold.Window);
        Assert.Equal("lease store: no space left (7 times more in the last minute)", _written[^1].Text);
        Assert.Equal(7, _written[^1].Repeated);
        Log.StoreWarning(_log, "no space left");
        Assert.Equal(5, _written.Count);
        _clock.Advance(LineFold.Window);
        Assert.Equal("lease store: no space left (1 times more in the last minute)", _written[^1].Text);
        _clock.Advance(LineFold.Window);
        Log.StoreWarning(_log, "no space left");
        Assert.Equal("lease store: no space left", _written[^1].Text);
    }

    [Fact]
    public void What_is_held_back_passes_at_the_end()
    {
        for (int i = 0; i < 5; i++)
        {
            Log.StoreWarning(_log, "no space left");
        }

        _log.Dispose();
        Assert.EndsWith("(2 times more in the last minute)", _written[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_level_that_is_raised_at_run_time_keeps_lines_from_being_written_but_not_from_the_journal()
    {
        _log.Level = LogLevel.Error;
        Log.SubnetAdded(_log, "10.5.1.0/24", "172.16.0.4");
        Assert.Empty(_written);
        Assert.Equal("peer_added", Assert.Single(_log.Journal.Read(0).Lines).Event);
        Assert.False(_log.IsEnabled(LogLevel.Debug));
        _log.Level = LogLevel.Debug;
        Assert.True(_log.IsEnabled(LogLevel.Debug));
    }

    [Fact]
    public async Task A_journal_keeps_the_latest_lines_and_says_how_many_are_missing()
    {
        var journal = new EventJournal(capacity: 3);
        (_, _, long position) = journal.Read(0);
        Task more = journal.WaitAsync(position, TestContext.Current.CancellationToken);
        Assert.False(more.IsCompleted);
        for (int i = 0; i < 5; i++)
        {
            journal.Add(new LogLine(s_time, LogLevel.Information, "event", i, "text", []));
        }

        await more;
        (IReadOnlyList<LogLine> lines, long missed, position) = journal.Read(position);
        Assert.Equal([2, 3, 4], lines.Select(line => line.Id));
        Assert.Equal((2, 5), (missed, position));
        Assert.Empty(journal.Read(position).Lines);
    }

    [Fact]
    public void The_priorities_for_the_journal_of_systemd_are_those_of_syslog() => Assert.Equal(
        ["<7>", "<6>", "<4>", "<3>"],
        new[] { LogLevel.Debug, LogLevel.Information, LogLevel.Warning, LogLevel.Error }.Select(LineForms.Priority));
}
