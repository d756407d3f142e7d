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
    // FileShare.None is flock(LOCK_EX | LOCK_NB); a refusal is an IOException whose HResult is the errno, EWOULDBLOCK.
    private const int WouldBlock = 11;

    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits for the lock. It is held until the result is disposed.</summary>
    /// <exception cref="LeaseStoreException">Another process holds it for longer than
    /// <paramref name="patience"/>.</exception>
    internal static async Task<IDisposable> EnterAsync(
        string path, TimeSpan patience, TimeProvider clock, CancellationToken cancellation)
    {
        long start = clock.GetTimestamp();
        TimeSpan pause = s_firstPause;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
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

            await Task.Delay(pause, clock, cancellation);
            pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
        }
    }
}
