using System;
using Xunit;

namespace Overlay.Linux.Tests;

public sealed class VirtioNetHeaderTests
{
    [Fact]
    public void A_header_is_the_bytes_that_gcc_makes_of_the_kernels_struct()
    {
        string hex = CCompiler.CompileAndRun("""
            #include <linux/virtio_net.h>
            #include <stdio.h>
            int main(void)
            {
                struct virtio_net_hdr header = {
                    .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                    .gso_type = VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN,
                    .hdr_len = 0x0102, .gso_size = 0x0304, .csum_start = 0x0506, .csum_offset = 0x0708 };
                for (unsigned i = 0; i < sizeof(header); i++)
                    printf("%02X", ((unsigned char *)&header)[i]);
            }
            """).Trim();
        var header = new VirtioNetHeader(true, false, SegmentationType.TcpV4, true, 0x0102, 0x0304, 0x0506, 0x0708);
        byte[] bytes = new byte[VirtioNetHeader.Bytes];

        header.Write(bytes);

        Assert.Equal(hex, Convert.ToHexString(bytes));
        Assert.Equal(header, VirtioNetHeader.Read(Convert.FromHexString(hex)));
    }

    [Theory]
    [InlineData(SegmentationType.None, 0)]
    [InlineData(SegmentationType.TcpV4, 1)]
    [InlineData(SegmentationType.TcpV6, 4)]
    [InlineData(SegmentationType.UdpL4, 5)]
    public void Every_combination_comes_back_as_it_was_written(SegmentationType type, byte code)
    {
        foreach (bool needsChecksum in (bool[])[false, true])
        {
            foreach (bool hasReceiveInfo in (bool[])[false, true])
            {
                foreach (bool hasEcn in (bool[])[false, true])
                {
                    var header = new VirtioNetHeader(needsChecksum, hasReceiveInfo, type, hasEcn, 54, 1460, 20, 16);
                    byte[] bytes = new byte[VirtioNetHeader.Bytes];

                    header.Write(bytes);

                    Assert.Equal((needsChecksum ? 1 : 0) | (hasReceiveInfo ? 4 : 0), bytes[0]);
                    Assert.Equal(code | (hasEcn ? 0x80 : 0), bytes[1]);
                    Assert.Equal(header, VirtioNetHeader.Read(bytes));
                }
            }
        }
    }

    [Fact]
    public void A_verified_checksum_says_nothing_to_us() =>
        Assert.Equal(default, VirtioNetHeader.Read([2, 0, 0, 0, 0, 0, 0, 0, 0, 0])); // VIRTIO_NET_HDR_F_DATA_VALID

    [Fact]
    public void A_buffer_that_is_too_short_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => VirtioNetHeader.Read(new byte[VirtioNetHeader.Bytes - 1]));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => default(VirtioNetHeader).Write(new byte[VirtioNetHeader.Bytes - 1]));
    }
}
