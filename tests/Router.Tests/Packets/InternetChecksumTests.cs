using System;
using Overlay.Router.Packets;
using Xunit;

namespace Overlay.Router.Tests.Packets;

public sealed class InternetChecksumTests
{
    /// <summary>
    /// By vector width in bits; where the processor has no such vectors, their replacement in software.
    /// </summary>
    private static readonly (int Width, Loop Add)[] s_loops =
    [
        (0, OnesComplementSum.AddWords),
        (128, OnesComplementSum.AddVector128),
        (256, OnesComplementSum.AddVector256),
        (512, OnesComplementSum.AddVector512),
        (-1, InternetChecksum.Add), // whichever it chooses
    ];

    private delegate ulong Loop(ReadOnlySpan<byte> bytes, ulong sum);

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
    public void Every_vector_width_agrees_at_every_start_within_a_cache_line_for_every_short_length()
    {
        const int Seed = 13;
        byte[] noise = new byte[64 + 300];
        new Random(Seed).NextBytes(noise);
        byte[] ones = new byte[noise.Length];
        Array.Fill(ones, (byte)0xFF);
        foreach (byte[] buffer in (byte[][])[noise, ones])
        {
            for (int length = 0; length <= 300; length++)
            {
                for (int start = 0; start < 64; start++)
                {
                    AssertAllAgree(buffer.AsSpan(start, length), $"seed {Seed}, start {start}");
                }
            }
        }
    }

    [Fact]
    public void Every_vector_width_agrees_over_random_lengths_up_to_the_longest_packet()
    {
        const int Seed = 17;
        var random = new Random(Seed);
        byte[] buffer = new byte[64 + 65_535];
        for (int round = 0; round < 500; round++)
        {
            random.NextBytes(buffer);
            int length = round % 50 == 0 ? 65_535 : random.Next(65_536);
            if (round % 10 == 0)
            {
                Array.Fill(buffer, (byte)0xFF);
            }

            AssertAllAgree(buffer.AsSpan(random.Next(64), length), $"seed {Seed}, round {round}");
        }
    }

    [Fact]
    public void Pieces_at_even_offsets_add_up_to_the_whole()
    {
        const int Seed = 19;
        var random = new Random(Seed);
        byte[] bytes = new byte[1_473];
        for (int round = 0; round < 2_000; round++)
        {
            random.NextBytes(bytes);
            ulong sum = 0;
            for (int offset = 0; offset < bytes.Length;)
            {
                int length = Math.Min(2 * random.Next(300), bytes.Length - offset);
                sum = InternetChecksum.Add(bytes.AsSpan(offset, length), sum);
                offset += length;
            }

            Assert.True(Oracle(bytes) == Checksum(sum), $"seed {Seed}, round {round}");
        }
    }

    [Fact]
    public void Folding_is_the_remainder_by_65535_with_all_ones_for_its_multiples_and_zero_only_for_zero()
    {
        const int Seed = 23;
        var random = new Random(Seed);
        ulong[] corners = [
            1, 0xFFFE, 0xFFFF, 0x1_0000, 0xFFFF_FFFF, 0x1_0000_0000, 0xFFFF_0000_0001, ulong.MaxValue - 1,
            ulong.MaxValue];
        Assert.Equal(0, InternetChecksum.Fold(0));
        for (int round = 0; round < 100_000; round++)
        {
            ulong sum = round < corners.Length ? corners[round] : ((ulong)random.NextInt64() >> random.Next(63)) + 1;
            ulong remainder = sum % 0xFFFF;
            Assert.True((remainder == 0 ? 0xFFFF : remainder) == InternetChecksum.Fold(sum), $"seed {Seed}: {sum:X}");
        }
    }

    [Fact]
    public void The_pseudo_header_is_addresses_protocol_and_length_as_RFC_9293_draws_it()
    {
        byte[] header = [0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 10, 5, 34, 2, 203, 0, 113, 255];
        byte[] drawn = [10, 5, 34, 2, 203, 0, 113, 255, 0, 6, 0xFE, 0xDC];
        Assert.Equal(Oracle(drawn), Checksum(InternetChecksum.PseudoHeader(header, 6, 0xFEDC)));
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

    private static void AssertAllAgree(ReadOnlySpan<byte> bytes, string where)
    {
        ushort expected = Oracle(bytes);
        foreach ((int width, Loop add) in s_loops)
        {
            if (Checksum(add(bytes, 0)) != expected)
            {
                Assert.Fail(
                    $"{where}: {width} bits, {bytes.Length} bytes: {Checksum(add(bytes, 0)):X4} instead of "
                        + $"{expected:X4}");
            }
        }
    }

    private static ushort Checksum(ulong sum) => (ushort)~InternetChecksum.Term(InternetChecksum.Fold(sum));

    private static ushort Oracle(ReadOnlySpan<byte> bytes)
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
