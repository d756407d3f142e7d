using System;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;

namespace Overlay.Daemon.Leases;

/// <summary>Keeps the snapshot's file up to date: the last of a burst is written, a second after its first.</summary>
internal sealed class SnapshotWriter(SnapshotFile file, TimeProvider clock)
{
    /// <summary>From a change to the file; what comes meanwhile is written with it.</summary>
    internal static readonly TimeSpan Gather = TimeSpan.FromSeconds(1);

    private readonly Channel<LeaseSnapshot> _latest = Channel.CreateBounded<LeaseSnapshot>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>Has it written in a while, in place of any that still waits.</summary>
    internal void Offer(LeaseSnapshot snapshot) => _latest.Writer.TryWrite(snapshot);

    /// <summary>Runs until cancelled, and then writes what still waits.</summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (await _latest.Reader.WaitToReadAsync(cancellation))
            {
                await Task.Delay(Gather, clock, cancellation);
                await WriteLatestAsync();
            }
        }
        finally
        {
            await WriteLatestAsync();
        }
    }

    // On a thread of its own: flushing a slow disk takes its time.
    private Task WriteLatestAsync() =>
        _latest.Reader.TryRead(out LeaseSnapshot? latest) ? Task.Run(
            () => file.Write(latest), CancellationToken.None) : Task.CompletedTask;
}
