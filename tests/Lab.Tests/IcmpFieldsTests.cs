using System;
using Overlay.Lab.Decoding;
using Xunit;

namespace Overlay.Lab.Tests;

public sealed class IcmpFieldsTests
{
    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(64)]
    public void A_written_echo_request_reads_back_over_a_dirty_buffer(int length)
    {
        byte[] message = new byte[length];
        Array.Fill(message, (byte)0xdb);

        IcmpFields.WriteEchoRequest(message, 1536, 65535);

        Assert.True(IcmpFields.TryParse(message, out IcmpFields? fields));
        Assert.True(fields is
        {
            Type: IcmpFields.EchoRequest, Code: 0, ChecksumIsCorrect: true, Identifier: 1536, Sequence: 65535,
        });
        Assert.Equal(length, fields.Length);
    }

    [Fact]
    public void Seven_bytes_are_no_message() => Assert.False(IcmpFields.TryParse(new byte[7], out _));
}
