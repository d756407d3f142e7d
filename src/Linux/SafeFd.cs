using Microsoft.Win32.SafeHandles;
using Overlay.Linux.Interop;

namespace Overlay.Linux;

/// <summary>Owns one file descriptor; closes it once, after the last call using it has returned.</summary>
public sealed class SafeFd : SafeHandleMinusOneIsInvalid
{
    /// <summary>An owner without a descriptor: create it before the call that yields one, then adopt.</summary>
    public SafeFd()
        : base(ownsHandle: true)
    {
    }

    /// <summary>Takes ownership of <paramref name="fd"/>.</summary>
    internal void Adopt(int fd) => SetHandle(fd);

    /// <summary>The bare number.</summary>
    /// <remarks>
    /// Valid only while the caller keeps this owner alive and undisposed; the packet path does, see its Dispose.
    /// </remarks>
    internal int Number => IsClosed ? -1 : (int)handle; // after a close the number may be somebody else's

    // close(2), NOTES: on Linux the number is free again whatever is returned, so EINTR must not be retried.
    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Native.close((int)handle) == 0;
}
