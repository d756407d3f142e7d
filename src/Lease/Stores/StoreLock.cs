using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease.Stores;

/// <summary>
/// One writer at a time, across processes: flock(2) on a file that is never removed. The kernel releases it when its
/// holder ends, however it ends.
/// </summary>
internal static class StoreLock
{
    // FileShare.None is flock(LOCK_EX | LOCK_NB); a refusal is an IOException whose HResult is the errno.
    private const int WouldBlock = 11, Exists = 17; // EWOULDBLOCK, EEXIST

    // So often in a row it is not replaced: the file system gives a file another number each time it is asked.
    private const int MostReplaced = 5;

    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits for the lock. It is held until the result is disposed.</summary>
    /// <param name="path">Of the file, which is made where it is missing.</param>
    /// <param name="patience">How long another process may hold it.</param>
    /// <param name="sharingPatience">For how long a missing permission may be one that is about to be given: by
    /// another member of the group, which has just made the file. Zero where no group shares it.</param>
    /// <param name="nodes">Finds out whether the file that was locked is the one at the path; null not to ask.</param>
    /// <param name="clock">Runs the waits.</param>
    /// <param name="cancellation">Ends them.</param>
    /// <exception cref="LeaseStoreException">Another process holds it for longer than
    /// <paramref name="patience"/>.</exception>
    /// <exception cref="IOException">The file cannot be made or opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of permission.</exception>
    internal static async Task<IDisposable> EnterAsync(
        string path,
        TimeSpan patience,
        TimeSpan sharingPatience,
        IFileNodes? nodes,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        long start = clock.GetTimestamp();
        TimeSpan pause = s_firstPause;
        int replaced = 0;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                FileStream held = Open(path);
                if (nodes?.IsAt(held.SafeFileHandle, path) != false || ++replaced == MostReplaced)
                {
                    return held;
                }

                // Removed or replaced between open and flock: whoever comes next locks another file.
                await held.DisposeAsync();
            }
            catch (IOException problem) when (problem.HResult == WouldBlock)
            {
                if (clock.GetElapsedTime(start) >= patience)
                {
                    throw new LeaseStoreException(
                        $"another process has held the lock {path} for {patience.TotalSeconds:0} s; "
                        + $"find it with: fuser -v {path}", problem);
                }
            }
            catch (IOException problem) when (problem.HResult == Exists && clock.GetElapsedTime(start) < patience)
            {
                // Another process has made it between the two calls.
            }
            catch (UnauthorizedAccessException) when (clock.GetElapsedTime(start) < sharingPatience)
            {
                // Perhaps its maker has not opened it to the group yet.
            }

            await Task.Delay(pause, clock, cancellation);
            pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
        }
    }

    // A rename that replaces nothing would be two calls (lstat, rename), so that two hosts could each lock a file of
    // their own; O_EXCL is one. And O_CREAT for a file that is there is refused in a sticky directory where the file
    // is another user's (fs.protected_regular, proc_sys_fs(5)).
    private static FileStream Open(string path)
    {
        try
        {
            return Open(path, FileMode.Open);
        }
        catch (FileNotFoundException)
        {
            return Open(path, FileMode.CreateNew);
        }
    }

    private static FileStream Open(string path, FileMode mode) =>
        new(path, mode, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
}
