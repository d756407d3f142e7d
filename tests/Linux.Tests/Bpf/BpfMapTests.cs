using System;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Linux.Bpf;
using Overlay.Testing;
using Xunit;
using static Overlay.Linux.Bpf.BpfComparison;
using static Overlay.Linux.Bpf.BpfRegister;
using static Overlay.Linux.Bpf.BpfWidth;

namespace Overlay.Linux.Tests.Bpf;

public sealed class BpfMapTests
{
    [Fact]
    public void A_full_hash_map_refuses_another_key_and_takes_one_that_it_has()
    {
        using BpfMap map = Create(BpfMapKind.Hash, sizeof(uint), sizeof(uint), 2);
        Assert.True(map.Set(1u, 10u).Succeeded);
        Assert.True(map.Set(2u, 20u).Succeeded);

        Assert.Equal(Errno.E2BIG, map.Set(3u, 30u).Errno);
        Assert.True(map.Set(2u, 21u).Succeeded);
        Assert.Equal(21u, map.Find<uint, uint>(2));
        Assert.Null(map.Find<uint, uint>(3));

        Assert.True(map.Remove(1u));
        Assert.False(map.Remove(1u));
        Assert.True(map.Set(3u, 30u).Succeeded);
        Assert.Equal(30u, map.Find<uint, uint>(3));
    }

    [Theory]
    [InlineData("")]
    [InlineData("sixteen_letters_")]
    public void A_name_that_the_kernel_would_cut_off_is_refused(string name) =>
        Assert.Throws<ArgumentException>(
            () => BpfMap.Create(BpfMapKind.Array, name, sizeof(uint), sizeof(uint), 1).Dispose());

    [Fact]
    public void An_array_has_all_its_entries_from_the_start_and_no_others()
    {
        using BpfMap map = Create(BpfMapKind.Array, sizeof(uint), sizeof(ulong), 2);

        Assert.Equal(0ul, map.Find<uint, ulong>(1));
        Assert.Null(map.Find<uint, ulong>(2));
        Assert.False(map.Set(2u, 1ul).Succeeded);
    }

    [Fact]
    public void A_key_or_value_of_another_length_is_refused_before_the_kernel_reads_it()
    {
        using BpfMap map = Create(BpfMapKind.Hash, sizeof(uint), sizeof(uint), 1);

        Assert.Throws<ArgumentException>(() => map.Set(1ul, 1u));
        Assert.Throws<ArgumentException>(() => map.Set(1u, 1ul));
        Assert.Throws<ArgumentException>(() => map.Find<uint, byte>(1));
        Assert.Throws<ArgumentException>(() => map.Remove((byte)1));
        Assert.Throws<ArgumentException>(() => map.TrySum(0, new ulong[1]));
    }

    [Fact]
    public async Task What_programs_count_on_every_processor_is_summed_number_by_number()
    {
        const int Runs = 50;
        using BpfMap map = Create(BpfMapKind.PerProcessorArray, sizeof(uint), 2 * sizeof(ulong), 3);
        using BpfProgram program = Counter(map, index: 1);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < Runs; i++)
            {
                program.Run(new byte[64]);
            }
        })));

        ulong[] sums = [9, 9];
        Assert.True(map.TrySum(1, sums));
        Assert.Equal([4 * Runs, 40 * Runs], sums);
        Assert.True(map.TrySum(2, sums));
        Assert.Equal([0, 0], sums);
        Assert.False(map.TrySum(3, sums));
    }

    // The first number of the entry + 1, the second + 10.
    private static BpfProgram Counter(BpfMap map, int index)
    {
        var code = new BpfAssembler();
        code.Store(Bits32, Stack, -4, index);
        code.LoadMap(R1, map);
        code.Move(R2, Stack);
        code.Compute(BpfArithmetic.Add, R2, -4);
        code.Call(BpfHelper.MapLookup);
        code.JumpIf(R0, Equal, 0, "end");
        code.Move(R1, 1);
        code.AtomicAdd(R0, 0, R1);
        code.Move(R1, 10);
        code.AtomicAdd(R0, 8, R1);
        code.Label("end");
        code.Exit(0);
        return BpfProgram.Load("counter", code.Finish());
    }

    private static BpfMap Create(BpfMapKind kind, int keyBytes, int valueBytes, int entries)
    {
        Needs.Root("bpf(2)");
        return BpfMap.Create(kind, "overlay_test", keyBytes, valueBytes, entries);
    }
}
