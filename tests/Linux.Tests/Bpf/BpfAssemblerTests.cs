using System;
using System.Runtime.InteropServices;
using Overlay.Linux.Bpf;
using Overlay.Testing;
using Xunit;
using static Overlay.Linux.Bpf.BpfArithmetic;
using static Overlay.Linux.Bpf.BpfComparison;
using static Overlay.Linux.Bpf.BpfRegister;
using static Overlay.Linux.Bpf.BpfWidth;

namespace Overlay.Linux.Tests.Bpf;

/// <summary>
/// Instructions byte by byte (RFC 9669, section 3: opcode, registers with the source in the high four bits, offset,
/// constant, the last two in the machine's order), and once more by what the kernel makes of them.
/// </summary>
public sealed class BpfAssemblerTests
{
    [Theory]
    [InlineData(Bits32, "61 73 0C00 00000000")]
    [InlineData(Bits16, "69 73 0C00 00000000")]
    [InlineData(Bits8, "71 73 0C00 00000000")]
    [InlineData(Bits64, "79 73 0C00 00000000")]
    public void A_load_has_its_width_in_the_opcode(BpfWidth width, string expected) =>
        Check(expected, code => code.Load(width, R3, R7, 12));

    [Theory]
    [InlineData(Bits32, "63 1A F8FF 00000000", "62 0A F8FF 40000000")]
    [InlineData(Bits16, "6B 1A F8FF 00000000", "6A 0A F8FF 40000000")]
    [InlineData(Bits8, "73 1A F8FF 00000000", "72 0A F8FF 40000000")]
    [InlineData(Bits64, "7B 1A F8FF 00000000", "7A 0A F8FF 40000000")]
    public void A_store_is_of_a_register_or_a_constant(BpfWidth width, string ofRegister, string ofConstant)
    {
        Check(ofRegister, code => code.Store(width, Stack, -8, R1));
        Check(ofConstant, code => code.Store(width, Stack, -8, 64));
    }

    [Theory]
    [InlineData(Add, 0x07)]
    [InlineData(Subtract, 0x17)]
    [InlineData(Multiply, 0x27)]
    [InlineData(Divide, 0x37)]
    [InlineData(Or, 0x47)]
    [InlineData(And, 0x57)]
    [InlineData(ShiftLeft, 0x67)]
    [InlineData(ShiftRight, 0x77)]
    [InlineData(Xor, 0xA7)]
    [InlineData(BpfArithmetic.Move, 0xB7)]
    public void Arithmetic_is_of_64_bits_with_a_constant_or_a_register(BpfArithmetic operation, byte opcode)
    {
        Check($"{opcode:X2} 09 0000 FEFFFFFF", code => code.Compute(operation, R9, -2));
        Check($"{opcode | 0x08:X2} 29 0000 00000000", code => code.Compute(operation, R9, R2));
    }

    [Theory]
    [InlineData(Equal, 0x15)]
    [InlineData(Greater, 0x25)]
    [InlineData(AtLeast, 0x35)]
    [InlineData(AnyBit, 0x45)]
    [InlineData(NotEqual, 0x55)]
    [InlineData(Less, 0xA5)]
    [InlineData(AtMost, 0xB5)]
    public void A_jump_compares_with_a_constant_or_a_register(BpfComparison comparison, byte opcode)
    {
        Check($"{opcode:X2} 04 0000 07000000", code =>
        {
            code.JumpIf(R4, comparison, 7, "next");
            code.Label("next");
        });
        Check($"{opcode | 0x08:X2} 54 0000 00000000", code =>
        {
            code.JumpIf(R4, comparison, R5, "next");
            code.Label("next");
        });
    }

    [Fact]
    public void The_other_instructions_are_those_of_the_specification()
    {
        Check("B7 06 0000 05000000", code => code.Move(R6, 5));
        Check("BF 16 0000 00000000", code => code.Move(R6, R1));
        Check("DB 10 1000 00000000", code => code.AtomicAdd(R0, 16, R1));
        Check("18 02 0000 EFCDAB89 00 00 0000 67452301", code => code.MoveLong(R2, 0x0123_4567_89AB_CDEF));
        Check("DC 03 0000 10000000", code => code.SwapToNetworkOrder(R3, 16));
        Check("85 00 0000 01000000", code => code.Call(BpfHelper.MapLookup));
        Check("95 00 0000 00000000", code => code.Exit());
        Check("B7 00 0000 FFFFFFFF 95 00 0000 00000000", code => code.Exit(-1));
    }

    [Fact]
    public void A_jump_counts_instructions_from_the_next_one_on_and_a_long_constant_is_two() =>
        Check("05 00 0400 00000000 18 01 0000 01000000 00 00 0000 00000000 15 01 0100 00000000 "
            + "B7 01 0000 01000000 95 00 0000 00000000", code =>
            {
                code.Jump("end");
                code.MoveLong(R1, 1);
                code.JumpIf(R1, Equal, 0, "end");
                code.Move(R1, 1);
                code.Label("end");
                code.Exit();
            });

    [Fact]
    public void A_jump_to_nowhere_is_refused_by_its_label()
    {
        var code = new BpfAssembler();
        code.Jump("nowhere");

        Assert.Contains("'nowhere'", Assert.Throws<InvalidOperationException>(() => code.Finish()).Message);
    }

    [Fact]
    public void A_label_stands_for_one_place()
    {
        var code = new BpfAssembler();
        code.Label("twice");

        Assert.Throws<ArgumentException>(() => code.Label("twice"));
    }

    [Fact]
    public void What_does_not_fit_into_an_offset_is_refused()
    {
        var code = new BpfAssembler();

        Assert.Throws<OverflowException>(() => code.Load(Bits8, R1, R2, 40_000));
    }

    [Theory]
    [InlineData(Add, 100, 7, 107)]
    [InlineData(Subtract, 100, 7, 93)]
    [InlineData(Multiply, 100, 7, 700)]
    [InlineData(Divide, 100, 7, 14)]
    [InlineData(Divide, 100, 0, 0)]
    [InlineData(Or, 0b1100, 0b1010, 0b1110)]
    [InlineData(And, 0b1100, 0b1010, 0b1000)]
    [InlineData(Xor, 0b1100, 0b1010, 0b0110)]
    [InlineData(ShiftLeft, 3, 4, 48)]
    [InlineData(ShiftRight, 48, 4, 3)]
    [InlineData(BpfArithmetic.Move, 1, 2, 2)]
    public void The_kernel_computes_what_was_written(BpfArithmetic operation, int left, int right, int expected)
    {
        Assert.Equal(expected, Run(code =>
        {
            code.Move(R0, left);
            code.Move(R1, right);
            code.Compute(operation, R0, R1);
            code.Exit();
        }));
    }

    [Theory]
    [InlineData(Equal, 5, 5, true)]
    [InlineData(Equal, 5, 6, false)]
    [InlineData(NotEqual, 5, 6, true)]
    [InlineData(Greater, 6, 5, true)]
    [InlineData(Greater, 5, 5, false)]
    [InlineData(Greater, -1, 5, true)] // unsigned
    [InlineData(AtLeast, 5, 5, true)]
    [InlineData(Less, 5, 6, true)]
    [InlineData(Less, 5, 5, false)]
    [InlineData(AtMost, 5, 5, true)]
    [InlineData(AnyBit, 6, 3, true)]
    [InlineData(AnyBit, 4, 3, false)]
    public void The_kernel_jumps_when_the_comparison_holds(
        BpfComparison comparison, int left, int right, bool expected)
    {
        Assert.Equal(expected ? 1 : 0, Run(code =>
        {
            code.Move(R1, left);
            code.JumpIf(R1, comparison, right, "jumped");
            code.Exit(0);
            code.Label("jumped");
            code.Exit(1);
        }));
    }

    [Fact]
    public void What_is_stored_is_loaded_again_with_the_upper_bits_cleared()
    {
        Assert.Equal(0x2211, Run(code =>
        {
            code.MoveLong(R1, 0x8877_6655_4433_2211);
            code.Store(Bits64, Stack, -8, R1);
            code.Load(Bits16, R0, Stack, -8);
            code.Exit();
        }));
        Assert.Equal(0x1122, Run(code =>
        {
            code.Move(R0, 0x33_2211);
            code.SwapToNetworkOrder(R0, 16);
            code.Exit();
        }));
    }

    [Fact]
    public void A_program_that_the_verifier_refuses_is_refused_with_its_last_line()
    {
        Needs.Root("bpf(2)");
        var code = new BpfAssembler();
        code.Exit(); // R0 has no value

        LinuxException thrown = Assert.Throws<LinuxException>(() => BpfProgram.Load("refused", code.Finish()));

        Assert.Equal(Errno.EACCES, thrown.Errno);
        Assert.Contains("could not load the program refused", thrown.Message);
        Assert.Contains("R0 !read_ok", thrown.Message);
        Assert.DoesNotContain("processed ", thrown.Message);
    }

    private static int Run(Action<BpfAssembler> write)
    {
        Needs.Root("bpf(2)");
        var code = new BpfAssembler();
        write(code);
        using var program = BpfProgram.Load("test", code.Finish());
        byte[] frame = new byte[64];
        BpfRun run = program.Run(frame);
        Assert.Equal(frame, run.Packet);
        return run.Verdict;
    }

    private static void Check(string expected, Action<BpfAssembler> write)
    {
        var code = new BpfAssembler();
        write(code);
        Assert.Equal(
            expected.Replace(" ", string.Empty, StringComparison.Ordinal),
            Convert.ToHexString(MemoryMarshal.AsBytes<BpfInstruction>(code.Finish())));
    }
}
