using System;
using System.IO;
using System.Linq;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Decode;

/// <summary><c>overlay decode</c> as a process of its own, in pipes.</summary>
public sealed class DecodeProgramTests : IDisposable
{
    private readonly string _folder =
        Directory.CreateTempSubdirectory($"overlay-t{Environment.ProcessId}-decode-").FullName;

    private string Capture => Path.Combine(_folder, "capture.pcap");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void From_a_pipe_the_packets_go_to_standard_output_and_the_count_to_standard_error()
    {
        Write(copies: 1);
        CommandResult result = Shell("cat \"$1\" | \"$0\" decode - inner icmp");
        Assert.Equal((0, "2 packets read, 2 shown, 0 malformed\n"), (result.ExitCode, result.Error));
        Assert.Equal(4, result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains(
            "10.244.0.6 > 10.244.1.14: ICMP echo reply, id 1536, seq 32, length 64, ttl 62   rtt 0.788 ms\n",
            result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reader_that_goes_away_is_no_error()
    {
        Write(copies: 20_000);
        CommandResult result = Shell("{ \"$0\" decode \"$1\"; echo $? >&2; } | head -n 1");
        Assert.Matches(@"^\d+ packets read, \d+ shown, 0 malformed\n0\n$", result.Error);
        Assert.True(int.Parse(result.Error.Split(' ')[0]) < 40_000, result.Error);
        Assert.Single(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void What_is_written_to_a_pipe_is_decoded_at_its_other_end()
    {
        Write(copies: 3);
        CommandResult result = Shell("\"$0\" decode \"$1\" -w - outer src 172.16.0.4 | \"$0\" decode -");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(
            ["3 packets read, 3 shown, 0 malformed", "6 packets read, 3 shown, 0 malformed"],
            result.Error.TrimEnd('\n').Split('\n').Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_is_no_capture_and_what_is_no_filter_is_one_line_each()
    {
        CommandResult capture = Shell("echo hello | \"$0\" decode -");
        Assert.Equal(1, capture.ExitCode);
        Assert.StartsWith(
            "overlay: standard input: it begins with 0x68656c6c, which no pcap or pcapng does", capture.Error,
            StringComparison.Ordinal);
        CommandResult filter = Shell("\"$0\" decode - prot 80 </dev/null");
        Assert.Equal(2, filter.ExitCode);
        Assert.StartsWith(
            "overlay: 'prot' is not understood; known are host,", filter.Error, StringComparison.Ordinal);
        Assert.Single(filter.Error.TrimEnd('\n').Split('\n'));
    }

    private CommandResult Shell(string script)
    {
        Needs.NotQuick("starts the program");
        return ChildCommand.Run(["sh", "-c", script, RunningProgram.OverlayPath, Capture]);
    }

    // pcap of nanoseconds, big-endian, Ethernet: tcpdump's own header, written by hand.
    private void Write(int copies)
    {
        using FileStream file = File.Create(Capture);
        file.Write(Convert.FromHexString("a1b23c4d0002000400000000000000000000ffff00000001"));
        for (int copy = 0; copy < copies; copy++)
        {
            file.Write(Convert.FromHexString("5b14ee8b037d0d180000007e0000007e"));
            file.Write(SeedFrames.Frame59());
            file.Write(Convert.FromHexString("5b14ee8b038913380000007e0000007e"));
            file.Write(SeedFrames.Frame60());
        }
    }
}
