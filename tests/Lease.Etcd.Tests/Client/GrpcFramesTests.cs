using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease.Etcd.Client;
using Overlay.Lease.Etcd.Protocol;
using Xunit;

namespace Overlay.Lease.Etcd.Tests.Client;

public sealed class GrpcFramesTests
{
    [Fact]
    public void A_frame_is_a_zero_the_length_in_network_order_and_the_message() =>
        Assert.Equal([0, 0, 0, 0, 4, 0x0A, 2, (byte)'/', (byte)'k'], GrpcFrames.Encode(Requests.Read("/k")));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(100_000)]
    public async Task Frames_are_read_however_the_stream_is_cut(int bytesAtOnce)
    {
        PutRequest[] sent = [Requests.Write("/a", "1"), new PutRequest(), Requests.Write("/b", new string('x', 3000))];
        byte[] all = [.. GrpcFrames.Encode(sent[0]), .. GrpcFrames.Encode(sent[1]), .. GrpcFrames.Encode(sent[2])];
        using var stream = new SlowStream(all, bytesAtOnce);
        foreach (PutRequest expected in sent)
        {
            Assert.Equal(expected, await GrpcFrames.ReadAsync(stream, PutRequest.Parser, Requests.Cancel));
        }

        Assert.Null(await GrpcFrames.ReadAsync(stream, PutRequest.Parser, Requests.Cancel));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(8)]
    public async Task A_stream_that_ends_within_a_frame_is_an_error(int bytes)
    {
        using var stream = new MemoryStream(GrpcFrames.Encode(Requests.Read("/k"))[..bytes]);
        InvalidDataException error = await Assert.ThrowsAsync<InvalidDataException>(
            async () => await GrpcFrames.ReadAsync(stream, RangeRequest.Parser, Requests.Cancel));
        Assert.Contains("ends within a frame", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 0, 0, 0 }, "compressed")]
    [InlineData(new byte[] { 0, 0, 0, 0, 2, 0xFF, 0xFF }, "not what etcd v3 sends")]
    public async Task What_is_no_frame_is_an_error_that_says_why(byte[] bytes, string why)
    {
        using var stream = new MemoryStream(bytes);
        InvalidDataException error = await Assert.ThrowsAsync<InvalidDataException>(
            async () => await GrpcFrames.ReadAsync(stream, RangeRequest.Parser, Requests.Cancel));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_too_long_is_not_read_and_its_length_is_told()
    {
        using var stream = new MemoryStream([0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3]);
        MessageTooLongException error = await Assert.ThrowsAsync<MessageTooLongException>(
            async () => await GrpcFrames.ReadAsync(stream, RangeRequest.Parser, Requests.Cancel));
        Assert.Equal((4294967295, 5), (error.Length, stream.Position));
    }

    private sealed class SlowStream(byte[] bytes, int atOnce) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(atOnce, buffer.Length)], cancellationToken);
    }
}
