using System.Runtime.InteropServices;

namespace Overlay.Linux.Bpf;

/// <summary>One instruction of the BPF virtual machine (RFC 9669, section 3; struct bpf_insn, linux/bpf.h).</summary>
/// <param name="Opcode">Class, operation and source in one byte.</param>
/// <param name="Registers">The destination in the low four bits, the source in the high four.</param>
/// <param name="Offset">Of memory in bytes; of a jump in instructions from the next one on.</param>
/// <param name="Immediate">A constant, a helper's number, or a map's descriptor.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct BpfInstruction(byte Opcode, byte Registers, short Offset, int Immediate)
{
    /// <summary>Of one instruction.</summary>
    public const int Bytes = 8;

    /// <summary>Makes one from its parts.</summary>
    internal static BpfInstruction Of(
        int opcode, BpfRegister destination, BpfRegister source = default, short offset = 0, int immediate = 0) =>
        new((byte)opcode, (byte)((int)destination | ((int)source << 4)), offset, immediate);
}

/// <summary>The machine's registers (RFC 9669, section 2).</summary>
public enum BpfRegister
{
    /// <summary>What a call returns, and the program's answer.</summary>
    R0,

    /// <summary>First argument; at the start, the context. A call clobbers it, as all up to <see cref="R5"/>.</summary>
    R1,

    /// <summary>Second argument.</summary>
    R2,

    /// <summary>Third argument.</summary>
    R3,

    /// <summary>Fourth argument.</summary>
    R4,

    /// <summary>Fifth argument.</summary>
    R5,

    /// <summary>Kept across calls.</summary>
    R6,

    /// <summary>Kept across calls.</summary>
    R7,

    /// <summary>Kept across calls.</summary>
    R8,

    /// <summary>Kept across calls.</summary>
    R9,

    /// <summary>The end of the stack of 512 bytes; cannot be written.</summary>
    Stack,
}

/// <summary>How much one load or store moves.</summary>
public enum BpfWidth
{
    /// <summary>4 bytes.</summary>
    Bits32 = 0x00,

    /// <summary>2 bytes.</summary>
    Bits16 = 0x08,

    /// <summary>1 byte.</summary>
    Bits8 = 0x10,

    /// <summary>8 bytes.</summary>
    Bits64 = 0x18,
}

/// <summary>Arithmetic of 64 bits (RFC 9669, section 4.1).</summary>
public enum BpfArithmetic
{
    /// <summary>Sum.</summary>
    Add = 0x00,

    /// <summary>Difference.</summary>
    Subtract = 0x10,

    /// <summary>Product.</summary>
    Multiply = 0x20,

    /// <summary>Unsigned quotient; 0 of a division by 0.</summary>
    Divide = 0x30,

    /// <summary>Bitwise or.</summary>
    Or = 0x40,

    /// <summary>Bitwise and.</summary>
    And = 0x50,

    /// <summary>Shift to the left.</summary>
    ShiftLeft = 0x60,

    /// <summary>Shift to the right, unsigned.</summary>
    ShiftRight = 0x70,

    /// <summary>Bitwise exclusive or.</summary>
    Xor = 0xA0,

    /// <summary>Copies.</summary>
    Move = 0xB0,
}

/// <summary>Unsigned comparisons of 64 bits that a jump depends on (RFC 9669, section 4.3).</summary>
public enum BpfComparison
{
    /// <summary>Equal.</summary>
    Equal = 0x10,

    /// <summary>Greater.</summary>
    Greater = 0x20,

    /// <summary>Greater or equal.</summary>
    AtLeast = 0x30,

    /// <summary>Any bit in common.</summary>
    AnyBit = 0x40,

    /// <summary>Not equal.</summary>
    NotEqual = 0x50,

    /// <summary>Less.</summary>
    Less = 0xA0,

    /// <summary>Less or equal.</summary>
    AtMost = 0xB0,
}

/// <summary>The kernel functions that programs here call (bpf-helpers(7)), by their numbers in linux/bpf.h.</summary>
public enum BpfHelper
{
    /// <summary>bpf_map_lookup_elem(map, key): the value's address, or 0.</summary>
    MapLookup = 1,

    /// <summary>bpf_ktime_get_ns(): nanoseconds of CLOCK_MONOTONIC.</summary>
    MonotonicNanoseconds = 5,

    /// <summary>bpf_skb_store_bytes(skb, offset, from, length, flags).</summary>
    StoreBytes = 9,

    /// <summary>bpf_redirect(interface, flags).</summary>
    Redirect = 23,

    /// <summary>bpf_skb_change_type(skb, type).</summary>
    ChangeType = 32,

    /// <summary>bpf_skb_pull_data(skb, length).</summary>
    PullData = 39,

    /// <summary>bpf_set_hash_invalid(skb).</summary>
    InvalidateHash = 41,

    /// <summary>bpf_skb_change_head(skb, length, flags).</summary>
    ChangeHead = 43,

    /// <summary>bpf_skb_adjust_room(skb, difference, mode, flags).</summary>
    AdjustRoom = 50,

    /// <summary>bpf_redirect_neigh(interface, parameters, length, flags).</summary>
    RedirectNeighbour = 152,

    /// <summary>bpf_redirect_peer(interface, flags).</summary>
    RedirectPeer = 155,
}
