using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease;

namespace Overlay.Testing;

/// <summary>Runs a store's watch in the background and keeps what it said.</summary>
public sealed class WatchLog : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<LeaseUpdate> _updates = [];
    private readonly Task _run;

    public WatchLog(ILeaseStore store, NetworkConfig config) => _run = Task.Run(() => RunAsync(store, config));

    public LeaseUpdate[] Updates
    {
        get
        {
            lock (_updates)
            {
                return [.. _updates];
            }
        }
    }

    /// <summary>What was said so far, in words.</summary>
    public string[] Told => [.. Updates.Select(Describe)];

    /// <summary>Waits until so many updates were made, and gives the last of them.</summary>
    public async Task<LeaseUpdate> WaitForAsync(int count, Action? between = null)
    {
        await Eventually.IsTrue(
            () => Updates.Length >= count || _run.IsFaulted,
            () => $"{count} updates, but only {string.Join("; ", Told)}",
            between);
        return _run.IsFaulted ? throw _run.Exception : Updates[count - 1];
    }

    /// <summary>Waits until an update from a given one on is described by a text.</summary>
    /// <returns>How many updates there are up to it.</returns>
    public async Task<int> WaitForAsync(string told, int from = 0)
    {
        await Eventually.IsTrue(
            () => Told.Skip(from).Contains(told) || _run.IsFaulted,
            () => $"\"{told}\", but only {string.Join("; ", Told.Skip(from))}");
        return _run.IsFaulted ? throw _run.Exception : Array.IndexOf(Told, told, from) + 1;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _run;
        }
        catch (OperationCanceledException)
        {
        }

        _stop.Dispose();
    }

    /// <summary>
    /// One word and the leases: <c>snapshot 10.5.1.0/24=192.0.2.1</c>, <c>changes -10.5.1.0/24</c>, <c>gap</c>,
    /// <c>question</c>.
    /// </summary>
    public static string Describe(LeaseUpdate update) => update switch
    {
        LeaseUpdate.Snapshot snapshot => string.Join(' ', ["snapshot", .. snapshot.Leases.Select(Describe)]),
        LeaseUpdate.Changes changes => string.Join(' ', ["changes", .. changes.Items.Select(Describe)]),
        LeaseUpdate.OwnInQuestion => "question",
        _ => "gap",
    };

    private static string Describe(SubnetLease lease) => $"{lease.Subnet}={lease.PublicIp}";

    private static string Describe(LeaseChange change) =>
        change.Lease is { } lease ? Describe(lease) : $"-{change.Subnet}";

    private async Task RunAsync(ILeaseStore store, NetworkConfig config)
    {
        await foreach (LeaseUpdate update in store.WatchAsync(config, _stop.Token))
        {
            lock (_updates)
            {
                _updates.Add(update);
            }
        }
    }
}
