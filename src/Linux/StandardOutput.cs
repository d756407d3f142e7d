using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>
/// What the process's own standard output leads to. (System.Console would write to a terminal in order to ask it, and
/// passes over a broken pipe in silence.)
/// </summary>
public static unsafe class StandardOutput
{
    /// <summary>Whether it is a pipe or socket that nobody reads any more. Does not wait.</summary>
    /// <exception cref="LinuxException">ppoll itself failed.</exception>
    public static bool IsBroken()
    {
        var one = new pollfd { fd = LibC.STDOUT_FILENO }; // poll(2): errors are reported without being asked for
        if (Readiness.Poll(&one, 1, 0) >= 0)
        {
            return (one.revents & LibC.POLLERR) != 0;
        }

        Errno errno = DescriptorIo.LastErrno();
        return errno == Errno.EINTR ? false : throw new LinuxException(
            "ppoll", errno, "could not look at standard output");
    }

    /// <summary>Columns of the terminal it is.</summary>
    /// <returns>Null when it is no terminal, or one that does not know its size.</returns>
    public static int? TerminalColumns()
    {
        winsize size = default;

        // Safe because TIOCGWINSZ writes exactly one struct winsize, and this is one.
        return LibC.ioctl(LibC.STDOUT_FILENO, LibC.TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : null;
    }
}
