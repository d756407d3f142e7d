using System;
using Overlay.Router.Packets;
using Xunit;

namespace Overlay.Router.Tests.Packets;

public sealed class InternetChecksumTests
{
    [Fact]
    public void Compute_agrees_with_a_byte_wise_sum_over_random_lengths_and_all_ones()
    {
        const int Seed = 7;
        var random = new Random(Seed);
        for (int round = 0; round < 2_000; round++)
        {
            byte[] bytes = new byte[random.Next(0, 200)];
            if (round % 10 == 0)
            {
                Array.Fill(bytes, (byte)0xFF);
            }
            else
            {
                random.NextBytes(bytes);
            }

            Assert.True(Oracle(bytes) == InternetChecksum.Compute(bytes), $"seed {Seed}, round {round}");
        }
    }

    [Fact]
    public void The_longest_packet_of_all_ones_does_not_overflow_the_sum()
    {
        byte[] bytes = new byte[65_535];
        Array.Fill(bytes, (byte)0xFF);
        Assert.Equal(Oracle(bytes), InternetChecksum.Compute(bytes));
    }

    [Fact]
    public void The_step_equals_a_full_computation_for_every_time_to_live_and_many_headers()
    {
        const int Seed = 11;
        var random = new Random(Seed);
        byte[] header = new byte[20];
        for (int round = 0; round < 20_000; round++)
        {
            random.NextBytes(header);
            header[8] = (byte)random.Next(2, 256);
            header[10] = header[11] = 0;
            ushort before = InternetChecksum.Compute(header);
            header[8]--;
            ushort after = InternetChecksum.Compute(header);
            Assert.True(after == InternetChecksum.AfterTimeToLiveStep(before), $"seed {Seed}, round {round}");
        }
    }

    private static ushort Oracle(byte[] bytes)
    {
        int sum = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            sum += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
