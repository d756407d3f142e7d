using System;
using System.Collections.Generic;

namespace Overlay.Linux.Bpf;

/// <summary>Writes a program instruction by instruction; jumps go to labels further on.</summary>
/// <remarks>
/// What the verifier will refuse is not checked here: it says why, and <see cref="BpfProgram.Load"/> passes that on.
/// </remarks>
public sealed class BpfAssembler
{
    private const int ClassLoadImmediate = 0x18; // BPF_LD | BPF_DW | BPF_IMM: two instructions
    private const int ClassLoad = 0x61;          // BPF_LDX | BPF_MEM
    private const int ClassStoreImmediate = 0x62;
    private const int ClassStore = 0x63;
    private const int ClassAtomicAdd = 0xDB;     // BPF_STX | BPF_ATOMIC | BPF_DW, of 64 bits
    private const int ClassArithmetic = 0x07;    // BPF_ALU64 | BPF_K
    private const int ClassJump = 0x05;          // BPF_JMP | BPF_K
    private const int FromRegister = 0x08;       // BPF_X
    private const int ToBigEndian = 0xDC;        // BPF_ALU | BPF_END | BPF_TO_BE
    private const int JumpAlways = 0x05;
    private const int CallHelper = 0x85;
    private const int ExitProgram = 0x95;
    private const int PseudoMapDescriptor = 1;   // BPF_PSEUDO_MAP_FD

    private readonly List<BpfInstruction> _instructions = [];
    private readonly List<(int At, string Label)> _jumps = [];
    private readonly Dictionary<string, int> _labels = new(StringComparer.Ordinal);

    /// <summary>Names the place of the next instruction.</summary>
    public void Label(string name) => _labels.Add(name, _instructions.Count);

    /// <summary>destination = memory at source + offset, zero-extended.</summary>
    public void Load(BpfWidth width, BpfRegister destination, BpfRegister source, int offset) =>
        Add(ClassLoad | (int)width, destination, source, offset);

    /// <summary>Memory at destination + offset = source.</summary>
    public void Store(BpfWidth width, BpfRegister destination, int offset, BpfRegister source) =>
        Add(ClassStore | (int)width, destination, source, offset);

    /// <summary>Memory at destination + offset = constant.</summary>
    public void Store(BpfWidth width, BpfRegister destination, int offset, int constant) =>
        Add(ClassStoreImmediate | (int)width, destination, default, offset, constant);

    /// <summary>The 8 bytes at destination + offset += source, at once.</summary>
    public void AtomicAdd(BpfRegister destination, int offset, BpfRegister source) =>
        Add(ClassAtomicAdd, destination, source, offset);

    /// <summary>destination = destination operation constant; the constant is sign-extended.</summary>
    public void Compute(BpfArithmetic operation, BpfRegister destination, int constant) =>
        Add(ClassArithmetic | (int)operation, destination, default, 0, constant);

    /// <summary>destination = destination operation source.</summary>
    public void Compute(BpfArithmetic operation, BpfRegister destination, BpfRegister source) =>
        Add(ClassArithmetic | FromRegister | (int)operation, destination, source);

    /// <summary>destination = constant.</summary>
    public void Move(BpfRegister destination, int constant) => Compute(BpfArithmetic.Move, destination, constant);

    /// <summary>destination = source.</summary>
    public void Move(BpfRegister destination, BpfRegister source) =>
        Compute(BpfArithmetic.Move, destination, source);

    /// <summary>destination = a constant of 64 bits.</summary>
    public void MoveLong(BpfRegister destination, ulong constant)
    {
        Add(ClassLoadImmediate, destination, default, 0, (int)(uint)constant);
        _instructions.Add(new BpfInstruction(0, 0, 0, (int)(uint)(constant >> 32)));
    }

    /// <summary>The low bits of destination turn from the machine's order to the network's, or back.</summary>
    /// <param name="destination">The bits above become 0.</param>
    /// <param name="bits">16, 32 or 64.</param>
    public void SwapToNetworkOrder(BpfRegister destination, int bits) =>
        Add(ToBigEndian, destination, default, 0, bits);

    /// <summary>Jumps, whatever holds.</summary>
    public void Jump(string label) => AddJump(JumpAlways, default, default, 0, label);

    /// <summary>Jumps when left compares so with the constant, which is sign-extended.</summary>
    public void JumpIf(BpfRegister left, BpfComparison comparison, int constant, string label) =>
        AddJump(ClassJump | (int)comparison, left, default, constant, label);

    /// <summary>Jumps when left compares so with right.</summary>
    public void JumpIf(BpfRegister left, BpfComparison comparison, BpfRegister right, string label) =>
        AddJump(ClassJump | FromRegister | (int)comparison, left, right, 0, label);

    /// <summary>Calls a function of the kernel: arguments in R1 to R5, the answer in R0.</summary>
    public void Call(BpfHelper helper) => Add(CallHelper, default, default, 0, (int)helper);

    /// <summary>destination = the map, for a call.</summary>
    public void LoadMap(BpfRegister destination, BpfMap map)
    {
        Add(ClassLoadImmediate, destination, (BpfRegister)PseudoMapDescriptor, 0, map.DescriptorNumber);
        _instructions.Add(default);
    }

    /// <summary>Ends the program; its answer is in R0.</summary>
    public void Exit() => Add(ExitProgram, default);

    /// <summary>Ends the program with an answer.</summary>
    public void Exit(int answer)
    {
        Move(BpfRegister.R0, answer);
        Exit();
    }

    /// <summary>The program, with its jumps resolved.</summary>
    /// <exception cref="InvalidOperationException">A label is missing.</exception>
    public BpfInstruction[] Finish()
    {
        BpfInstruction[] program = [.. _instructions];
        foreach ((int at, string label) in _jumps)
        {
            int target = _labels.TryGetValue(label, out int found)
                ? found
                : throw new InvalidOperationException($"no label '{label}'");
            program[at] = program[at] with { Offset = checked((short)(target - at - 1)) };
        }

        return program;
    }

    private void AddJump(int opcode, BpfRegister left, BpfRegister right, int constant, string label)
    {
        _jumps.Add((_instructions.Count, label));
        Add(opcode, left, right, 0, constant);
    }

    private void Add(
        int opcode, BpfRegister destination, BpfRegister source = default, int offset = 0, int immediate = 0) =>
        _instructions.Add(BpfInstruction.Of(opcode, destination, source, checked((short)offset), immediate));
}
