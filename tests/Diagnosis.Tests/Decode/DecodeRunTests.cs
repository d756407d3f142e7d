using System.Collections.Generic;
using System.IO;
using System.IO.Pipelines;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Capture.Files;
using Overlay.Capture.Filters;
using Overlay.Capture.Packets;
using Overlay.Diagnosis.Decode;
using Overlay.Testing;
using Xunit;

namespace Overlay.Diagnosis.Tests.Decode;

public sealed class DecodeRunTests
{
    [Fact]
    public async Task A_capture_that_grows_is_shown_packet_by_packet()
    {
        var pipe = new Pipe();
        await using Stream written = pipe.Writer.AsStream();
        var writer = new PcapngWriter(written, "overlay", "Linux", flushesEachPacket: true);
        _ = writer.Add(new CaptureInterface(LinkType.Ethernet));
        var output = new CountingOutput();
        var run = new DecodeRun(Request(), output, isGrowing: true);
        Task reading = run.ReadAsync(pipe.Reader.AsStream(), TestContext.Current.CancellationToken);
        for (int count = 1; count <= 3; count++)
        {
            writer.Write(new CapturedPacket(SeedFrames.Frame59(), 126, 0, count));
            await output.Flushed.WaitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(count, output.Taken);
            Assert.False(reading.IsCompleted);
        }

        await written.DisposeAsync();
        await reading;
        Assert.Equal("3 packets read, 3 shown, 0 malformed", run.Summary);
    }

    [Fact]
    public async Task What_nobody_reads_any_more_ends_without_an_error()
    {
        var output = new CountingOutput { IsRead = false };
        var run = new DecodeRun(Request(), output, isGrowing: true);
        await run.ReadAsync(Capture(SeedFrames.Frame59(), SeedFrames.Frame60()), TestContext.Current.CancellationToken);
        Assert.Equal("1 packet read, 1 shown, 0 malformed", run.Summary);
    }

    [Fact]
    public async Task The_summary_counts_what_was_read_shown_and_malformed()
    {
        byte[] malformed = SeedFrames.Frame59();
        malformed[SeedFrames.UdpEnd] = 0x65;
        var run = new DecodeRun(
            Request() with { Filter = PacketFilter.Compile("inner dst 10.244.1.14") }, new CountingOutput(), false);
        await run.ReadAsync(
            Capture(SeedFrames.Frame59(), SeedFrames.Frame60(), malformed), TestContext.Current.CancellationToken);
        Assert.Equal("3 packets read, 1 shown, 1 malformed", run.Summary);
    }

    [Fact]
    public async Task What_is_written_has_the_statistics_of_the_interfaces_that_it_has()
    {
        var capture = new MemoryStream();
        var writer = new PcapngWriter(capture, "dumpcap", "Linux");
        Assert.Equal([0, 1], ((string[])["lo", "eth0"]).Select(
            name => writer.Add(new CaptureInterface(LinkType.Ethernet, Name: name))));
        writer.Write(new CapturedPacket(SeedFrames.Frame59(), 126, 1, 100));
        writer.Write(new InterfaceStatistics(0, 10, 200, 5, 4));
        writer.Write(new InterfaceStatistics(1, 10, 150, 1, 0)); // a later one says more
        writer.Write(new InterfaceStatistics(1, null, 200, 9, null) { DroppedBySystem = 3 });
        writer.Flush();
        capture.Position = 0;

        var written = new MemoryStream();
        var run = new DecodeRun(Request(), new WrittenPackets(written, isStandard: false, filter: null), false);
        await run.ReadAsync(capture, TestContext.Current.CancellationToken);

        written.Position = 0;
        CaptureReader read = await CaptureReader.OpenAsync(written, TestContext.Current.CancellationToken);
        Assert.NotNull(await read.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Null(await read.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Equal("eth0", Assert.Single(read.Interfaces).Name);
        Assert.Equal([new InterfaceStatistics(0, null, 200, 9, null) { DroppedBySystem = 3 }], read.Statistics);
    }

    private static DecodeRequest Request() => new("-", PacketFilter.All) { Port = PacketDecoder.DefaultPort };

    private static MemoryStream Capture(params byte[][] frames)
    {
        var stream = new MemoryStream();
        var writer = new PcapngWriter(stream, "overlay", "Linux");
        _ = writer.Add(new CaptureInterface(LinkType.Ethernet));
        foreach (byte[] frame in frames)
        {
            writer.Write(new CapturedPacket(frame, frame.Length, 0, 0));
        }

        writer.Flush();
        stream.Position = 0;
        return stream;
    }

    private sealed class CountingOutput : IPacketOutput
    {
        internal SemaphoreSlim Flushed { get; } = new(0);

        internal bool IsRead { get; init; } = true;

        internal int Taken { get; private set; }

        public bool Take(in CapturedPacket packet, in DecodedPacket decoded, CaptureInterface source, long number)
        {
            Taken++;
            return IsRead;
        }

        public void Take(IEnumerable<InterfaceStatistics> statistics) => Assert.Empty(statistics);

        public bool Flush()
        {
            Flushed.Release();
            return IsRead;
        }
    }
}
