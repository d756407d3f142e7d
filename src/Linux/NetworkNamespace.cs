using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>A network namespace held open, in which code can be run (network_namespaces(7)).</summary>
/// <remarks>
/// Holding it keeps it alive after its name is deleted. Any thread may call <see cref="Run(Action)"/>, several at once.
/// </remarks>
public sealed class NetworkNamespace : IDisposable
{
    private readonly SafeFd _fd;
    private readonly string _path;

    private NetworkNamespace(SafeFd fd, string path)
    {
        _fd = fd;
        _path = path;
    }

    /// <summary>
    /// Opens a namespace by its file: <c>/run/netns/NAME</c> (ip-netns(8)) or <c>/proc/PID/ns/net</c>.
    /// </summary>
    /// <exception cref="LinuxException">
    /// The file cannot be opened. Whether it is a network namespace shows in <see cref="Run(Action)"/>.
    /// </exception>
    public static NetworkNamespace Open(string path)
    {
        var fd = new SafeFd();
        while (true)
        {
            int number = OpenFile(path);
            if (number >= 0)
            {
                fd.Adopt(number);
                return new NetworkNamespace(fd, path);
            }

            Errno errno = DescriptorIo.LastErrno();
            if (errno != Errno.EINTR)
            {
                fd.Dispose();
                throw new LinuxException("open", errno, $"could not open network namespace {path}", errno switch
                {
                    Errno.ENOENT => "create it with: ip netns add NAME",
                    Errno.EACCES or Errno.EPERM => "run as root",
                    _ => null,
                });
            }
        }
    }

    /// <summary>Opens the namespace of the calling thread.</summary>
    /// <exception cref="LinuxException">procfs is not mounted on /proc.</exception>
    public static NetworkNamespace OpenCurrent() => Open("/proc/thread-self/ns/net");

    /// <summary>Makes a namespace without a name: it ends with what is returned, and with this process.</summary>
    /// <exception cref="LinuxException">unshare(2) was refused: it needs CAP_SYS_ADMIN.</exception>
    public static NetworkNamespace Create() => OnOwnThread(() =>
    {
        Unshare();
        return OpenCurrent();
    });

    /// <summary>Runs <paramref name="body"/> on a thread of its own inside this namespace; waits for its end.</summary>
    /// <remarks>
    /// The thread ends afterwards: one that has called setns(2) must not be reused. A descriptor stays in the namespace
    /// in which it was opened, so what the body opens may be used anywhere. The body starts no thread and no pool work:
    /// a new thread inherits the namespace of the thread that starts it, and a pool thread would keep it. What the body
    /// throws is thrown here, with its stack.
    /// </remarks>
    /// <exception cref="LinuxException">setns(2) was refused: it needs CAP_SYS_ADMIN.</exception>
    /// <exception cref="ObjectDisposedException">This namespace has been disposed.</exception>
    public void Run(Action body) => Run<object?>(() =>
    {
        body();
        return null;
    });

    /// <summary>As <see cref="Run(Action)"/>, for a body with a result.</summary>
    /// <returns>What the body returned.</returns>
    /// <exception cref="LinuxException">setns(2) was refused: it needs CAP_SYS_ADMIN.</exception>
    /// <exception cref="ObjectDisposedException">This namespace has been disposed.</exception>
    public T Run<T>(Func<T> body) => OnOwnThread(() =>
    {
        Enter();
        return body();
    });

    /// <summary>The bare descriptor, for requests that name the namespace, while this is not disposed.</summary>
    internal int DescriptorNumber
    {
        get
        {
            using SafeFd.Held held = _fd.Hold();
            return held.Number;
        }
    }

    /// <summary>Lets go of the namespace. Sockets opened inside keep working.</summary>
    public void Dispose() => _fd.Dispose();

    private static unsafe int OpenFile(string path)
    {
        fixed (byte* start = CString.From(path))
        {
            return LibC.open(start, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        }
    }

    // The thread is in another namespace afterwards, and ends.
    private static T OnOwnThread<T>(Func<T> body)
    {
        ExceptionDispatchInfo? failure = null;
        T result = default!; // overwritten by the body; when it throws, nobody reads it
        var thread = new Thread(() =>
        {
            try
            {
                result = body();
            }
            catch (Exception problem)
            {
                failure = ExceptionDispatchInfo.Capture(problem);
            }
        })
        {
            IsBackground = true,
            Name = "netns",
        };

        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    private static void Unshare()
    {
        if (LibC.unshare(LibC.CLONE_NEWNET) != 0)
        {
            Errno errno = DescriptorIo.LastErrno();
            throw new LinuxException("unshare", errno, "could not make a network namespace", errno switch
            {
                Errno.EPERM => "run as root, or give the process CAP_SYS_ADMIN",
                _ => null,
            });
        }
    }

    private void Enter()
    {
        using SafeFd.Held held = _fd.Hold();
        if (LibC.setns(held.Number, LibC.CLONE_NEWNET) == 0)
        {
            return;
        }

        Errno errno = DescriptorIo.LastErrno();
        throw new LinuxException("setns", errno, $"could not enter network namespace {_path}", errno switch
        {
            Errno.EPERM => "run as root, or give the process CAP_SYS_ADMIN",
            Errno.EINVAL => "the file is not a network namespace",
            _ => null,
        });
    }
}
