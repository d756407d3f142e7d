using System;
using System.CommandLine;
using System.Diagnostics;
using System.IO;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Capture.Files;
using Overlay.Capture.Packets;
using Overlay.Diagnosis.Decode;
using Overlay.Diagnosis.Dump;
using Overlay.Diagnosis.Ping;
using Overlay.Diagnosis.Trace;
using Overlay.Net;
using Overlay.Terminal;
using Overlay.Testing;
using Xunit;

namespace Overlay.Diagnosis.Tests.Decode;

/// <summary>The command in this process, on files of its own.</summary>
public sealed class DecodeCommandTests : IDisposable
{
    private const long First = 1528098443_058527000, Second = 1528098443_059315000;

    private readonly string _folder =
        Directory.CreateTempSubdirectory($"overlay-t{Environment.ProcessId}-decode-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Each_packet_has_its_lines_and_the_answer_its_round_trip()
    {
        (int code, string text, _) = await RunAsync(Capture());
        Assert.Equal(ExitCode.Success, code);
        string[] lines = text.TrimEnd('\n').Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.Equal(
            [
                " 172.16.0.5.8285 > 172.16.0.4.8285: UDP 92, ttl 64, DF, id 15799",
                " 172.16.0.4.8285 > 172.16.0.5.8285: UDP 92, ttl 64, DF, id 19646",
            ],
            [lines[0][15..], lines[2][15..]]);
        Assert.EndsWith("inner 10.244.0.6 > 10.244.1.14: ICMP echo reply, id 1536, seq 32, length 64, ttl 62   rtt "
            + "0.788 ms", lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_words_behind_the_file_are_the_filter()
    {
        (int code, string text, string[] error) = await RunAsync(Capture(), "inner", "src", "10.244.0.6", "and", "udp");
        Assert.Equal(ExitCode.Success, code);
        Assert.Contains("echo reply", text, StringComparison.Ordinal);
        Assert.DoesNotContain("echo request", text, StringComparison.Ordinal);
        Assert.Equal(["2 packets read, 1 shown, 0 malformed"], error);

        ParseResult wrong = Root().Parse(["decode", "capture", "host", "x:"], CommandProgram.Parsing);
        Assert.Contains("'x:' is no address", wrong.Errors[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tree_has_fields_and_hexadecimal_follows_from_the_ip_header_or_from_the_link()
    {
        (_, string tree, _) = await RunAsync(Capture(), "-v", "-x", "--count", "1");
        Assert.Contains("    Identification: 0x3db7 (15799)\n", tree, StringComparison.Ordinal);
        Assert.Contains("\t0x0000:  4500 0070 3db7", tree, StringComparison.Ordinal);
        Assert.DoesNotContain("0x4cbe", tree, StringComparison.Ordinal);

        (_, string whole, _) = await RunAsync(Capture(), "-X", "-e", "-c", "1");
        Assert.Contains("00:0d:3a:a3:fa:d5 > 12:34:56:78:9a:bc, 172.16.0.5", whole, StringComparison.Ordinal);
        Assert.Contains("\t0x0000:  1234 5678 9abc 000d", whole, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_is_an_object_a_line()
    {
        (_, string text, _) = await RunAsync(Capture(), "--json");
        string[] lines = text.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        using var reply = JsonDocument.Parse(lines[1]);
        JsonElement inner = reply.RootElement.GetProperty("inner")[0];
        Assert.Equal("2018-06-04T07:47:23.059315000Z", reply.RootElement.GetProperty("time").GetString());
        Assert.Equal("udp", reply.RootElement.GetProperty("encapsulation").GetString());
        Assert.Equal(19646, reply.RootElement.GetProperty("outer").GetProperty("identification").GetInt32());
        Assert.Equal("good", reply.RootElement.GetProperty("outer").GetProperty("checksum").GetString());
        Assert.Equal(
            ("10.244.0.6", 32), (inner.GetProperty("source").GetString(), inner.GetProperty("sequence").GetInt32()));
        Assert.Equal(0.788, reply.RootElement.GetProperty("roundTripMs").GetDouble(), 3);
        using var request = JsonDocument.Parse(lines[0]);
        Assert.Equal("offloaded", request.RootElement.GetProperty("outer").GetProperty("checksum").GetString());
    }

    [Fact]
    public async Task Names_and_comments_of_a_file_cannot_move_the_cursor()
    {
        string path = Write(writer =>
        {
            _ = writer.Add(new CaptureInterface(LinkType.Ethernet, Name: "eth\u001b[2J0"));
            writer.Write(new CapturedPacket(SeedFrames.Frame59(), 126, 0, First)
            {
                Comment = "dropped\nno route\u001b[31m", Direction = CaptureDirection.Outbound,
            });
        });
        (_, string text, _) = await RunAsync(path);
        Assert.EndsWith("ttl 62   dropped?no route?[31m\n", text, StringComparison.Ordinal);
        (_, string tree, _) = await RunAsync(path, "-v");
        Assert.Contains("    Interface: eth?[2J0\n    Direction: sent\n", tree, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', tree);
    }

    [Fact]
    public async Task What_is_written_has_the_packets_that_the_filter_lets_through_as_they_were()
    {
        string path = Write(writer =>
        {
            _ = writer.Add(new CaptureInterface(LinkType.Raw, 96, "flannel0"));
            _ = writer.Add(new CaptureInterface(LinkType.Ethernet, Name: "eth0"));
            for (ulong id = 1; id <= 2; id++)
            {
                writer.Write(new CapturedPacket(SeedFrames.Frame59().AsMemory(42), 84, 0, First) { PacketId = id });
                writer.Write(new CapturedPacket(
                    id == 1 ? SeedFrames.Frame59() : SeedFrames.Frame60(), 126, 1, Second)
                {
                    PacketId = id, Comment = "dropped", Direction = CaptureDirection.Inbound,
                });
            }
        });
        string copy = Path.Combine(_folder, "copy.pcapng");
        (int code, string text, _) = await RunAsync(path, "outer port 8285", "-w", copy);
        Assert.Equal((ExitCode.Success, ""), (code, text));

        using FileStream file = File.OpenRead(copy);
        CaptureReader reader = await CaptureReader.OpenAsync(file, TestContext.Current.CancellationToken);
        for (ulong id = 1; id <= 2; id++)
        {
            CapturedPacket? packet = await reader.ReadAsync(TestContext.Current.CancellationToken);
            Assert.Equal(
                (id, "dropped", CaptureDirection.Inbound, Second, 126),
                (packet?.PacketId, packet?.Comment, packet?.Direction, packet?.Nanoseconds, packet?.Bytes.Length));
        }

        Assert.Null(await reader.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Equal(
            [new CaptureInterface(LinkType.Ethernet, Name: "eth0", Filter: "outer port 8285")], reader.Interfaces);
    }

    [Fact]
    public async Task A_cut_file_shows_what_is_there_and_ends_with_1()
    {
        string path = Capture();
        byte[] bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(path, bytes[..^40], TestContext.Current.CancellationToken);
        (int code, string text, string[] error) = await RunAsync(path);
        Assert.Equal(ExitCode.Failure, code);
        Assert.Equal(2, error.Length);
        Assert.StartsWith($"overlay: '{path}': it ends within a block, at byte ", error[0], StringComparison.Ordinal);
        Assert.Equal("1 packet read, 1 shown, 0 malformed", error[1]);
        Assert.Contains("echo request", text, StringComparison.Ordinal);
        Assert.DoesNotContain("echo reply", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere.pcap", "it does not exist")]
    [InlineData("", "it is a directory")]
    public async Task A_file_that_cannot_be_read_is_refused_with_the_reason(string name, string says)
    {
        OperatorException refusal =
            await Assert.ThrowsAsync<OperatorException>(() => RunAsync(Path.Combine(_folder, name)));
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_capture_that_is_read_is_not_written_over()
    {
        string path = Capture();
        string link = Path.Combine(_folder, "link");
        _ = File.CreateSymbolicLink(link, path);
        foreach (string target in new[] { path, Path.Combine(_folder, ".", "capture"), link })
        {
            OperatorException refusal =
                await Assert.ThrowsAsync<OperatorException>(() => RunAsync(path, "-w", target));
            Assert.Contains("which is the capture that is read", refusal.Message, StringComparison.Ordinal);
        }

        Assert.Equal(ExitCode.Success, (await RunAsync(path)).Code);
    }

    [Theory]
    [InlineData("--json", "-v")]
    [InlineData("--json", "-x")]
    [InlineData("-w", "/nowhere/file", "-v")]
    [InlineData("--port", "0")]
    [InlineData("--port", "65536")]
    [InlineData("--vxlan-port", "0")]
    [InlineData("--vxlan-port", "65536")]
    [InlineData("--count", "0")]
    public void Options_that_do_not_go_together_or_are_out_of_range_are_refused(params string[] options)
    {
        ParseResult parsed = Root().Parse(["decode", "capture", .. options], CommandProgram.Parsing);
        Assert.Contains("give|leave one out".Split('|'), word => parsed.Errors[0].Message.Contains(word));
    }

    [Theory]
    [InlineData("ping")]
    [InlineData("trace")]
    public void An_address_that_is_not_given_is_asked_for(string name)
    {
        Command command = name == "ping" ? PingCommand.Create() : TraceCommand.Create();
        ParseResult parsed = new RootCommand { command }.Parse([name], CommandProgram.Parsing);
        Assert.Contains("missing", Assert.Single(parsed.Errors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--drops")]
    [InlineData("--peer", "172.16.0.4")]
    public void What_only_a_running_daemon_knows_is_refused_of_a_file(params string[] words)
    {
        ParseResult parsed = new RootCommand { DumpCommand.Create() }.Parse(
            ["dump", "--read", "capture", .. words], CommandProgram.Parsing);
        Assert.Equal(
            $"--read shows a file, which {words[0]} does not look through; leave one out, or give a filter",
            Assert.Single(parsed.Errors).Message);
    }

    [Fact]
    public async Task A_pipe_that_nobody_writes_to_is_waited_for_no_longer_than_is_wanted()
    {
        string path = Path.Combine(_folder, "pipe");
        using (var made = Process.Start("mkfifo", [path]))
        {
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        using var ending = new CancellationTokenSource();
        Task<int> decoding = Root().Parse(["decode", path], CommandProgram.Parsing).InvokeAsync(
            new InvocationConfiguration { EnableDefaultExceptionHandler = false, Error = TextWriter.Null },
            ending.Token);
        Assert.False(decoding.IsCompleted);
        await ending.CancelAsync();
        Assert.Equal(ExitCode.Success, await decoding);

        // Whoever waits for a writer yet has one.
        await using FileStream writer = new(path, FileMode.Open, FileAccess.ReadWrite);
    }

    [Fact]
    public async Task Vxlan_of_another_port_is_decoded_where_the_port_is_given()
    {
        byte[] carried = PacketBuilder.UdpPacket(
            Ipv4Address.Parse("172.16.0.4"), Ipv4Address.Parse("172.16.0.5"), 50000, 4799,
            [0x08, 0, 0, 0, 0, 0, 7, 0, .. SeedFrames.Frame59()]);
        string path = Write(writer =>
        {
            _ = writer.Add(new CaptureInterface(LinkType.Raw));
            writer.Write(new CapturedPacket(carried, carried.Length, 0, First));
        });
        Assert.Equal("1 packet read, 0 shown, 0 malformed", (await RunAsync(path, "inner", "udp")).Error[^1]);
        (_, string text, string[] error) = await RunAsync(path, "--vxlan-port", "4799", "inner", "udp");
        Assert.Equal("1 packet read, 1 shown, 0 malformed", error[^1]);
        Assert.Contains("vni 7", text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_disk_that_is_full_is_named_with_the_file_that_is_written()
    {
        string capture = Capture();
        OperatorException problem = await Assert.ThrowsAsync<OperatorException>(
            () => RunAsync(capture, "-w", "/dev/full"));
        Assert.StartsWith(
            "'/dev/full' cannot be written any longer (No space left on device); ", problem.Message,
            StringComparison.Ordinal);
    }

    private static RootCommand Root() => new() { DecodeCommand.Create() };

    private static async Task<(int Code, string Text, string[] Error)> RunAsync(string file, params string[] words)
    {
        StringWriter output = new(), error = new();
        int code = await Root().Parse(["decode", file, .. words], CommandProgram.Parsing).InvokeAsync(
            new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = error });
        return (code, output.ToString(), error.ToString().TrimEnd('\n').Split('\n'));
    }

    private string Capture() => Write(writer =>
    {
        _ = writer.Add(new CaptureInterface(LinkType.Ethernet));
        writer.Write(new CapturedPacket(SeedFrames.Frame59(), 126, 0, First));
        writer.Write(new CapturedPacket(SeedFrames.Frame60(), 126, 0, Second));
    });

    private string Write(Action<PcapngWriter> write)
    {
        string path = Path.Combine(_folder, "capture");
        using FileStream file = File.Create(path);
        var writer = new PcapngWriter(file, "overlay", "Linux");
        write(writer);
        writer.Flush();
        return path;
    }
}
