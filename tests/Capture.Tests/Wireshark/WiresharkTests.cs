using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Capture.Files;
using Overlay.Capture.Packets;
using Overlay.Testing;
using Xunit;

namespace Overlay.Capture.Tests.Wireshark;

/// <summary>What others make of the files that are written, and of packets with our Lua file.</summary>
public sealed class WiresharkTests : IDisposable
{
    private const int Pairs = 20;
    private const long Start = 1528098443_058527123;

    private static readonly string s_lua = Path.Combine(Repository.Root, "dist", "wireshark", "overlay.lua");

    private readonly string _folder =
        Directory.CreateTempSubdirectory($"overlay-t{Environment.ProcessId}-wireshark-").FullName;

    private string Capture => Path.Combine(_folder, "capture.pcapng");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Capinfos_counts_the_packets_interfaces_and_drops_that_were_written()
    {
        Needs.NotQuick("starts capinfos");
        Needs.Program("wireshark-common", "capinfos");
        WritePairs();
        string report = await RunAsync("capinfos", "-M", Capture);
        Assert.Matches(@"Number of packets:\s+40\n", report);
        Assert.Matches(@"Number of interfaces in file:\s+2\n", report);
        Assert.Contains("pcapng", report, StringComparison.Ordinal);
        Assert.Contains("Capture application: overlay 9.9", report, StringComparison.Ordinal);
        Assert.Matches(@"Capture oper-sys:\s+Linux 6.1", report);
        Assert.Contains("Name = flannel0", report, StringComparison.Ordinal);
        Assert.Contains("Description = packets of pods", report, StringComparison.Ordinal);
        Assert.Contains("Filter string = host 10.244.1.14", report, StringComparison.Ordinal);
        Assert.Contains("Capture length = 96", report, StringComparison.Ordinal);
        Assert.Contains("Time precision = nanoseconds (9)", report, StringComparison.Ordinal);
        Assert.Equal(2, report.Split("Number of packets = 20").Length - 1);
    }

    [Fact]
    public async Task Tshark_reads_ids_that_pair_up_times_directions_comments_and_statistics_without_a_warning()
    {
        RequireTshark();
        WritePairs();
        string[] rows = (await RunAsync(
            "tshark", "-r", Capture, "-T", "fields", "-E", "separator=|", "-e", "frame.interface_name", "-e",
            "frame.packet_id", "-e", "frame.time_epoch", "-e", "frame.packet_flags_direction", "-e", "frame.comment",
            "-e", "frame.len", "-e", "frame.cap_len")).TrimEnd('\n').Split('\n');
        Assert.Equal(
            Enumerable.Range(1, Pairs).SelectMany(id => new[]
            {
                $"flannel0|{id}|{Start / 1_000_000_000}.{Start % 1_000_000_000 + id:000000000}|0x00000002||84|84",
                $"eth0|{id}|{Start / 1_000_000_000}.{Start % 1_000_000_000 + id:000000000}|0x00000002|"
                    + (id == 7 ? "dropped: no route" : "") + "|126|126",
            }),
            rows);
    }

    [Fact]
    public async Task With_the_lua_file_tshark_prints_the_packets_inside()
    {
        RequireTshark();
        Write([SeedFrames.Frame59(), SeedFrames.Frame60()], LinkType.Ethernet);
        Assert.Equal(
            "172.16.0.5,10.244.1.14|172.16.0.4,10.244.0.6|112,84|32\n"
                + "172.16.0.4,10.244.0.6|172.16.0.5,10.244.1.14|112,84|32\n",
            await FieldsAsync("ip.src", "ip.dst", "ip.len", "icmp.seq"));
        Assert.Contains(
            "Echo (ping) request", await RunAsync("tshark", "-X", $"lua_script:{s_lua}", "-r", Capture),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_the_lua_file_probes_trains_and_what_is_no_packet_are_told_apart()
    {
        RequireTshark();
        byte[] inner = PacketBuilder.TcpPacket(
            PacketBuilder.Address("10.244.1.1"), PacketBuilder.Address("10.244.2.2"), 1000, 80, 1, 0, 2, new byte[40]);
        byte[] last = PacketBuilder.UdpPacket(
            PacketBuilder.Address("10.244.1.1"), PacketBuilder.Address("10.244.2.2"), 53, 5353, new byte[3]);
        byte[] ping = [.. "OvPg"u8, 2, 1, 0x9c, 0x40, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3];
        Write(
            [
                SamplePackets.Carrier(new byte[12]), SamplePackets.Carrier([]), SamplePackets.Carrier(ping),
                SamplePackets.Carrier([.. inner, .. inner, .. last]), SamplePackets.Carrier(new byte[20]),
            ],
            LinkType.Raw);
        Assert.Equal(
            "000000000000000000000000||||8285\n||||8285\n"
                + $"{Convert.ToHexString(ping).ToLowerInvariant()}|2|1.2.3||8285\n"
                + "|||1000,1000|8285,53\n||||8285\n",
            await FieldsAsync(
                "overlay.probe", "overlay.probe.kind", "overlay.probe.release", "tcp.srcport", "udp.srcport"));
        string malformed = await RunAsync(
            "tshark", "-X", $"lua_script:{s_lua}", "-r", Capture, "-Y", "overlay.no_packet", "-T", "fields", "-e",
            "frame.number");
        Assert.Equal("5\n", malformed);
    }

    [Fact]
    public async Task Another_port_is_a_preference()
    {
        RequireTshark();
        Write([SamplePackets.Carrier(SeedFrames.Frame59()[SeedFrames.UdpEnd..], 9000)], LinkType.Raw);
        Assert.Equal("172.16.0.5\n", await FieldsAsync("ip.src"));
        Assert.Equal("172.16.0.5,10.244.1.14\n", await RunAsync(
            "tshark", "-X", $"lua_script:{s_lua}", "-o", "overlay.port:9000", "-r", Capture, "-T", "fields", "-e",
            "ip.src"));
    }

    [Fact]
    public async Task The_extcap_program_makes_the_daemon_an_interface_that_tshark_captures_on()
    {
        RequireTshark();
        Needs.Root("tshark starts dumpcap, which others may not");
        WritePairs();
        string programs = Directory.CreateDirectory(Path.Combine(_folder, "programs")).FullName;
        ExtcapTests.WriteProgram(programs, "overlay", $"echo \"$*\" >'{_folder}/asked'; cat '{Capture}'");
        foreach (string personal in new[] { ".config", ".local/lib" }) // until Wireshark 4.0, and since 4.2
        {
            string extcap = Path.Combine(_folder, personal, "wireshark", "extcap");
            _ = Directory.CreateDirectory(extcap);
            _ = File.CreateSymbolicLink(Path.Combine(extcap, "overlay-extcap"), ExtcapTests.Script);
        }

        (string, string)[] variables = [("PATH", $"{programs}:{Environment.GetEnvironmentVariable("PATH")}")];
        Assert.Contains(
            "overlay (Overlay: what the daemon forwards and drops)",
            (await RunAsync(variables, "tshark", "-D")).Output, StringComparison.Ordinal);

        string copy = Path.Combine(_folder, "copy.pcapng");
        (_, string said) = await RunAsync(
            variables, "tshark", "-q", "-i", "overlay", "-o", "extcap.overlay.peer:host-b", "-w", copy);
        Assert.Contains("40 packets captured", said, StringComparison.Ordinal);
        Assert.Equal(
            string.Concat(Enumerable.Range(1, Pairs).Select(id => $"{id}\n{id}\n")),
            await RunAsync("tshark", "-r", copy, "-T", "fields", "-e", "frame.packet_id"));
        Assert.Equal(
            "dump -w - --peer=host-b\n",
            await File.ReadAllTextAsync(Path.Combine(_folder, "asked"), TestContext.Current.CancellationToken));
    }

    private static void RequireTshark()
    {
        Needs.NotQuick("starts tshark");
        Needs.Program("tshark", "tshark");
    }

    private Task<string> FieldsAsync(params string[] fields) => RunAsync(
        "tshark",
        [
            "-X", $"lua_script:{s_lua}", "-r", Capture, "-T", "fields", "-E", "separator=|",
            .. fields.SelectMany(field => new[] { "-e", field }),
        ]);

    private void WritePairs()
    {
        using FileStream file = File.Create(Capture);
        var writer = new PcapngWriter(file, "overlay 9.9", "Linux 6.1");
        _ = writer.Add(new CaptureInterface(LinkType.Raw, 96, "flannel0", "packets of pods", "host 10.244.1.14"));
        _ = writer.Add(new CaptureInterface(LinkType.Ethernet, 0, "eth0"));
        byte[] outer = SeedFrames.Frame59();
        for (int id = 1; id <= Pairs; id++)
        {
            var packet = new CapturedPacket(outer.AsMemory(SeedFrames.UdpEnd), 84, 0, Start + id)
            {
                Direction = CaptureDirection.Outbound, PacketId = (ulong)id,
            };
            writer.Write(packet);
            writer.Write(packet with
            {
                Bytes = outer, WireLength = outer.Length, Interface = 1, Comment = id == 7 ? "dropped: no route" : null,
            });
        }

        writer.Write(new InterfaceStatistics(0, Start, Start + 100, Pairs + 3, 3));
        writer.Write(new InterfaceStatistics(1, Start, Start + 100, Pairs, 0));
        writer.Flush();
    }

    private void Write(byte[][] frames, LinkType type)
    {
        using FileStream file = File.Create(Capture);
        var writer = new PcapngWriter(file, "overlay", "Linux");
        _ = writer.Add(new CaptureInterface(type));
        foreach (byte[] frame in frames)
        {
            writer.Write(new CapturedPacket(frame, frame.Length, 0, Start));
        }

        writer.Flush();
    }

    // A warning on standard error fails the test; that it runs as root it says to everybody.
    private async Task<string> RunAsync(string program, params string[] words)
    {
        (string output, string error) = await RunAsync([], program, words);
        Assert.DoesNotContain(
            error.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => !line.StartsWith("Running as user \"root\"", StringComparison.Ordinal));
        return output;
    }

    private async Task<(string Output, string Error)> RunAsync(
        (string Name, string Value)[] variables, string program, params string[] words)
    {
        var start = new ProcessStartInfo(program, words)
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["HOME"] = _folder; // no settings or plug-ins of the user's
        _ = start.Environment.Remove("XDG_CONFIG_HOME");
        start.Environment["TZ"] = "UTC";
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)
            ?? throw new InvalidOperationException($"{program} did not start");
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{process.ExitCode}: {await error}");
        return (output, await error);
    }
}
