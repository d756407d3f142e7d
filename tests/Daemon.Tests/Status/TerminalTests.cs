using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Testing;
using Xunit;

namespace Overlay.Daemon.Tests.Status;

/// <summary>The real program on a terminal, tmux's, and a daemon that answers what a test has it answer.</summary>
public sealed class TerminalTests : IAsyncLifetime
{
    private const string Session = "overlay";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("overlay-terminal-");
    private readonly ControlServer _server;
    private long _asked;
    private string _socket = ""; // of tmux's server, one for each program that is shown

    public TerminalTests() => _server = ControlServer.Listen(
        _directory.FullName,
        new Dictionary<string, ControlHandler>
        {
            [ControlCommands.Status] = (answer, gone) => answer.WriteAsync(Report(++_asked).ToJson(), gone),
        });

    private static string Overlay => Path.Combine(AppContext.BaseDirectory, "overlay");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_socket.Length > 0)
        {
            _ = Tmux("kill-server");
        }

        await _server.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(200)]
    public async Task On_a_terminal_status_and_top_wrap_nothing_and_cut_nothing_without_a_sign(int width)
    {
        Needs.NotQuick("starts the program on a terminal");
        Needs.Program("tmux", "tmux");
        string[] status = await ShowAsync(width, "status", "ended with 1");
        Assert.Single(status, line => line.Contains("10.244.2.0/24", StringComparison.Ordinal)
            && line.Contains("172.16.100.2", StringComparison.Ordinal)
            && line.Contains("1400", StringComparison.Ordinal));
        Assert.Single(status, line => line.StartsWith("how ", StringComparison.Ordinal)
            && line.EndsWith('…') == (width == 80));

        string[] top = await ShowAsync(width, "top", "Mbit/s");
        Assert.Single(top, line => line.Contains("10.244.2.0/24", StringComparison.Ordinal)
            && line.Contains("bit/s", StringComparison.Ordinal)
            && line.Contains("172.16.100.2", StringComparison.Ordinal) == (width == 200));
        Assert.Contains(top, line => line.Contains("processors 0.", StringComparison.Ordinal));
        Assert.Contains(top, line => line.Contains("more columns", StringComparison.Ordinal) == (width == 80)
            && line.Contains("q ends", StringComparison.Ordinal));
        _ = Tmux("send-keys", "-t", Session, "q");
        await Eventually.IsTrue(() => Pane().Contains("ended with 0"), () => string.Join('\n', Pane()));
    }

    private async Task<string[]> ShowAsync(int width, string command, string until)
    {
        if (_socket.Length > 0)
        {
            _ = Tmux("kill-server");
        }

        _socket = Path.Combine(_directory.FullName, $"{command}.tmux");
        CommandResult started = ChildCommand.Run(
        [
            "env", "LC_ALL=C.UTF-8", "TERM=xterm", "tmux", "-S", _socket, "-f", "/dev/null", "new-session", "-d", "-s",
            Session, "-x", $"{width}", "-y", "40",
            $"{Overlay} {command} --run-dir {_directory.FullName}; echo ended with $?; exec sleep 600",
        ]);
        Assert.Equal("", started.Error);
        await Eventually.IsTrue(
            () => Pane().Any(line => line.Contains(until, StringComparison.Ordinal)), () => string.Join('\n', Pane()));

        // A line that is too long goes on in the next row, and tmux knows that they are one. Between two looks the
        // picture changes.
        string[] pane = [];
        await Eventually.IsTrue(
            () => (pane = Pane()).SequenceEqual(Lines(Tmux("capture-pane", "-p", "-J", "-t", Session))),
            () => string.Join('\n', pane));
        Assert.All(pane, line => Assert.True(line.Length <= width, line));
        return pane;
    }

    private string[] Pane() => Lines(Tmux("capture-pane", "-p", "-t", Session));

    private CommandResult Tmux(params string[] words) =>
        ChildCommand.Run(["env", "LC_ALL=C.UTF-8", "tmux", "-S", _socket, .. words]);

    private static string[] Lines(CommandResult result) =>
        [.. result.Output.Split('\n').Select(line => line.TrimEnd())];

    private static StatusReport Report(long look)
    {
        DateTimeOffset now = DateTimeOffset.UnixEpoch.AddYears(56) + TimeSpan.FromSeconds(look);
        return new StatusReport(
            "1.2.3", now, DateTimeOffset.UnixEpoch, true, "udp", "flannel0", 1472, "UDP 172.16.100.1:8285",
            "datapath kernel, engine offload: superpackets and trains, source check strict, and whatever else there is",
            new LeaseStatus("10.244.1.0/24", "10.244.0.0/16", "172.16.100.1", "etcd:http://172.16.100.9:2379", now),
            [
                .. Enumerable.Range(2, 3).Select(number => new PeerStatus(
                    [$"10.244.{number}.0/24"], $"172.16.100.{number}", "daemon-down", "kernel", 1400, now,
                    look * 100_000, look * 100_000_000, look * 200_000, look * 200_000_000, "see below")),
            ],
            [
                new WarningReport(
                    "peer-daemon-down", "warning", "172.16.100.2",
                    "it answers that nobody listens on the port (ICMP 3/3)", "packets to the peer are lost",
                    "start overlay or flanneld on the peer, with the same port", now),
            ],
            new Dictionary<string, long>(), look * 0.25, new Dictionary<string, long> { ["no_route"] = look });
    }
}
