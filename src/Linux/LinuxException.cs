using System;
using System.Runtime.InteropServices;

namespace Overlay.Linux;

/// <summary>A set-up call that the kernel refused: which call, why, what for, and what to do about it.</summary>
public sealed class LinuxException : Exception
{
    /// <summary>Describes one refused call.</summary>
    /// <param name="call">The system call or ioctl by its C name.</param>
    /// <param name="errno">Why it failed.</param>
    /// <param name="what">What was attempted, as a clause: <c>could not open /dev/net/tun</c>.</param>
    /// <param name="advice">What the operator can do, as a clause; null when nothing is known.</param>
    public LinuxException(string call, Errno errno, string what, string? advice = null)
        : base(advice is null
            ? $"{what}: {call}: {Describe(errno)}"
            : $"{what}: {call}: {Describe(errno)}; {advice}")
    {
        Call = call;
        Errno = errno;
    }

    /// <summary>The system call or ioctl by its C name.</summary>
    public string Call { get; }

    /// <summary>Why it failed.</summary>
    public Errno Errno { get; }

    /// <summary>The symbol first, then strerror(3)'s text: <c>EMSGSIZE (Message too long)</c>.</summary>
    public static string Describe(Errno errno) => $"{errno} ({Marshal.GetPInvokeErrorMessage((int)errno)})";
}
