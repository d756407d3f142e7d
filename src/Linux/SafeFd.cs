using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>Owns one file descriptor and closes it once.</summary>
/// <remarks>
/// <para><see cref="Hold"/> is for calls that set up, ask or wait for an answer: it keeps a reference, so that a
/// disposed descriptor is closed after the last such call has returned.</para>
/// <para><see cref="Borrow"/> is for the calls of the packet path: it keeps nothing. The owner joins the threads that
/// make them before it disposes the descriptor, as it has to before it frees the memory they work on. A Debug build
/// fails when it does not. A reference would cost each call two atomic writes, and the threads of both directions would
/// make them to the same cache line (bench/Micro, KernelCrossingBenchmarks.HoldDescriptor).</para>
/// </remarks>
public sealed class SafeFd : SafeHandleMinusOneIsInvalid
{
#if DEBUG
    private int _borrowers;
#endif

    /// <summary>An owner without a descriptor: create it before the call that yields one, then adopt.</summary>
    public SafeFd()
        : base(ownsHandle: true)
    {
    }

    /// <summary>Takes ownership of <paramref name="fd"/>, once.</summary>
    internal void Adopt(int fd)
    {
        Debug.Assert(IsInvalid && fd >= 0, "an owner adopts one descriptor, and only an open one");
        SetHandle(fd);
    }

    /// <summary>Another descriptor of the same open file, close-on-exec, with an owner of its own.</summary>
    /// <exception cref="LinuxException">No descriptor is left.</exception>
    public SafeFd Duplicate()
    {
        var owner = new SafeFd();
        using Held held = Hold();
        int fd = LibC.fcntl(held.Number, LibC.F_DUPFD_CLOEXEC, 0);
        if (fd < 0)
        {
            Errno errno = DescriptorIo.LastErrno();
            owner.Dispose();
            throw new LinuxException("fcntl", errno, "could not duplicate a descriptor");
        }

        owner.Adopt(fd);
        return owner;
    }

    /// <summary>Keeps the descriptor open until what is returned has been disposed.</summary>
    /// <exception cref="System.ObjectDisposedException">It has been closed.</exception>
    internal Held Hold()
    {
        bool isHeld = false;
        DangerousAddRef(ref isHeld); // throws, or sets the flag
        return new Held(this);
    }

    /// <summary>The number for calls of a thread that the owner joins before it disposes this.</summary>
    internal Borrowed Borrow() => new(this);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
#if DEBUG
        Debug.Assert(
            System.Threading.Volatile.Read(ref _borrowers) == 0,
            "a descriptor is closed while a call uses it: its owner has not joined the thread first");
#endif
        base.Dispose(disposing);
    }

    // close(2), NOTES: on Linux the number is free again whatever is returned, so EINTR must not be retried.
    /// <inheritdoc/>
    protected override bool ReleaseHandle() => LibC.close((int)handle) == 0;

    /// <summary>A descriptor that stays open until this is disposed.</summary>
    internal readonly ref struct Held
    {
        private readonly SafeFd? _owner;

        internal Held(SafeFd owner) => _owner = owner;

        /// <summary>The bare number.</summary>
        internal int Number => _owner is null ? -1 : (int)_owner.handle;

        public void Dispose() => _owner?.DangerousRelease(); // null in a default value
    }

    /// <summary>A descriptor whose owner has promised to keep it open until this is disposed.</summary>
    internal readonly ref struct Borrowed
    {
#if DEBUG
        private readonly SafeFd? _owner; // null in a default value
#endif

        internal Borrowed(SafeFd owner)
        {
#if DEBUG
            Debug.Assert(!owner.IsClosed, "a descriptor is used after it was closed");
            _owner = owner;
            System.Threading.Interlocked.Increment(ref owner._borrowers);
#endif
            Number = owner.IsClosed ? -1 : (int)owner.handle; // after a close the number may be somebody else's
        }

        /// <summary>The bare number; -1 when the descriptor is closed.</summary>
        internal int Number { get; }

        /// <summary>Ends the use. Nothing but a Debug build notices.</summary>
        public void Dispose()
        {
#if DEBUG
            if (_owner is not null)
            {
                System.Threading.Interlocked.Decrement(ref _owner._borrowers);
            }
#endif
        }
    }
}
