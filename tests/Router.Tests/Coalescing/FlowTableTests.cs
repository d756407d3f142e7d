using System;
using System.Collections.Generic;
using Overlay.Router.Coalescing;
using Xunit;

namespace Overlay.Router.Tests.Coalescing;

public sealed class FlowTableTests(ITestOutputHelper output)
{
    [Fact]
    public void It_finds_what_a_dictionary_finds()
    {
        int seed = int.TryParse(
            Environment.GetEnvironmentVariable("OVERLAY_SEED"), out int given) ? given : Environment.TickCount;
        output.WriteLine($"seed {seed}: to repeat, OVERLAY_SEED={seed}");
        var random = new Random(seed);
        var table = new FlowTable();
        var oracle = new Dictionary<FlowKey, int>();
        for (int i = 0; i < 300_000; i++)
        {
            var flow = new FlowKey(
                (ulong)random.Next(9), (uint)random.Next(9), random.Next(2) == 0 ? (byte)6 : (byte)17);
            Assert.Equal(oracle.GetValueOrDefault(flow, -1), table.Find(flow));
            if (oracle.Count < Coalescer.MaximumWrites || oracle.ContainsKey(flow))
            {
                int write = random.Next(Coalescer.MaximumWrites);
                table.Set(flow, write);
                oracle[flow] = write;
            }

            if (random.Next(200) == 0)
            {
                table.Clear();
                oracle.Clear();
            }
        }
    }

    [Fact]
    public void It_is_empty_after_clearing_even_when_the_generations_start_over()
    {
        var table = new FlowTable();
        var flow = new FlowKey(1, 2, 6);
        table.Set(flow, 3);
        for (int i = 0; i < (1 << 24) + 10; i++)
        {
            table.Clear();
            Assert.Equal(-1, table.Find(flow));
        }

        table.Set(flow, 63);
        Assert.Equal(63, table.Find(flow));
    }
}
