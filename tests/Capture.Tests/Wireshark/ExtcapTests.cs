using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Overlay.Testing;
using Xunit;

namespace Overlay.Capture.Tests.Wireshark;

/// <summary>The extcap program, with programs of the test's own in the places of overlay and ssh.</summary>
public sealed class ExtcapTests : IDisposable
{
    private readonly string _folder =
        Directory.CreateTempSubdirectory($"overlay-t{Environment.ProcessId}-extcap-").FullName;

    internal static string Script { get; } = Path.Combine(Repository.Root, "dist", "wireshark", "overlay-extcap");

    private string Fifo => Path.Combine(_folder, "fifo");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>A shell script that can be run.</summary>
    internal static void WriteProgram(string folder, string name, string body)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task It_says_which_interface_link_type_and_settings_there_are()
    {
        Assert.Contains(
            "\ninterface {value=overlay}{display=", await RunAsync("--extcap-interfaces"), StringComparison.Ordinal);
        Assert.StartsWith(
            "dlt {number=101}", await RunAsync("--extcap-dlts", "--extcap-interface", "overlay"),
            StringComparison.Ordinal);
        string config = await RunAsync("--extcap-config", "--extcap-interface=overlay");
        Assert.Equal(
            ["--host", "--peer", "--filter", "--full"],
            Regex.Matches(config, @"\{call=(--[a-z]+)\}").Select(match => match.Groups[1].Value));
    }

    [Fact]
    public async Task A_capture_is_what_overlay_dump_writes_with_each_setting_as_one_word()
    {
        WriteProgram(_folder, "overlay", "printf '[%s]' \"$@\"");
        Assert.Equal("", await RunAsync("--capture", "--extcap-interface", "overlay", "--fifo", Fifo));
        Assert.Equal("[dump][-w][-]", await File.ReadAllTextAsync(Fifo, TestContext.Current.CancellationToken));
        _ = await RunAsync(
            "--capture", "--extcap-interface=overlay", $"--fifo={Fifo}", "--peer", "host b", "--full", "--filter",
            "host 10.0.0.1 or (tcp and port 80)");
        Assert.Equal(
            "[dump][-w][-][--peer=host b][--full][host 10.0.0.1 or (tcp and port 80)]",
            await File.ReadAllTextAsync(Fifo, TestContext.Current.CancellationToken));
        _ = await RunAsync(
            "--capture", "--extcap-interface=overlay", $"--fifo={Fifo}", "--full=false", "--extcap-capture-filter",
            "icmp");
        Assert.Equal("[dump][-w][-][icmp]", await File.ReadAllTextAsync(Fifo, TestContext.Current.CancellationToken));
    }

    // ssh hands one line to a shell at the other end.
    [Fact]
    public async Task On_another_host_the_words_are_the_same_whatever_is_in_them()
    {
        WriteProgram(_folder, "overlay", "printf '[%s]' \"$@\"");
        WriteProgram(_folder, "ssh", "printf '%s|' \"$4\" >\"$0.host\"; sh -c \"$5\"");
        _ = await RunAsync(
            "--capture", "--extcap-interface", "overlay", "--fifo", Fifo, "--host", "root@host-b", "--peer",
            "it's; $(reboot)", "--filter", "icmp");
        Assert.Equal(
            "[dump][-w][-][--peer=it's; $(reboot)][icmp]",
            await File.ReadAllTextAsync(Fifo, TestContext.Current.CancellationToken));
        Assert.Equal(
            "root@host-b|",
            await File.ReadAllTextAsync(
                Path.Combine(_folder, "ssh.host"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(1, "--capture", "--extcap-interface", "overlay")]
    [InlineData(1, "--capture", "--extcap-interface", "eth0", "--fifo", "/dev/null")]
    [InlineData(2)]
    [InlineData(2, "--what")]
    [InlineData(1, "--capture", "--fifo")]
    public async Task What_is_missing_is_said_in_one_line(int code, params string[] words) =>
        Assert.Single((await RunAsync(code, words)).TrimEnd('\n').Split('\n'), line => line.Length > 0);

    private Task<string> RunAsync(params string[] words) => RunAsync(0, words);

    // Standard output, or standard error of what fails.
    private async Task<string> RunAsync(int code, params string[] words)
    {
        var start = new ProcessStartInfo(Script, words) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{_folder}:{Environment.GetEnvironmentVariable("PATH")}";
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("it did not start");
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == code, $"{process.ExitCode}: {await error}");
        return code == 0 ? output : await error;
    }
}
