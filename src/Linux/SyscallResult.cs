using System.Diagnostics;

namespace Overlay.Linux;

/// <summary>What a system call answered: a count, or an errno, never both.</summary>
public readonly struct SyscallResult
{
    private readonly int _value;

    private SyscallResult(int value) => _value = value;

    /// <summary>True when the call succeeded and <see cref="Count"/> holds its answer.</summary>
    public bool Succeeded => _value >= 0;

    /// <summary>Bytes or messages, 0 or more. Meaningful only after <see cref="Succeeded"/>.</summary>
    public int Count => _value;

    /// <summary>Why the call failed; <see cref="Errno.None"/> when it did not.</summary>
    public Errno Errno => _value < 0 ? (Errno)(-_value) : Errno.None;

    /// <summary>A success.</summary>
    /// <param name="count">0 or more.</param>
    public static SyscallResult FromCount(int count)
    {
        Debug.Assert(count >= 0, "a count is not negative: a failure has an errno");
        return new SyscallResult(count);
    }

    /// <summary>A failure.</summary>
    /// <param name="errno">Anything but <see cref="Errno.None"/>.</param>
    public static SyscallResult FromErrno(Errno errno)
    {
        Debug.Assert(errno > Errno.None, "a failure has an errno: was it read after another call?");
        return new SyscallResult(-(int)errno);
    }

    /// <inheritdoc/>
    public override string ToString() => Succeeded ? $"{Count}" : LinuxException.Describe(Errno);
}
