using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Overlay.Lease;

namespace Overlay.Daemon.Tests.Leases;

/// <summary>A store that says what a test has it say, and keeps what it was asked.</summary>
internal sealed class ScriptedStore(TimeProvider clock) : ILeaseStore
{
    private readonly Channel<LeaseUpdate> _updates = Channel.CreateUnbounded<LeaseUpdate>();
    private int _renewals;
    private int _configReads;

    public string Description { get; init; } = "scripted";

    /// <summary>Answers a renewal; throws to refuse. As the store is: a full day more.</summary>
    internal Func<SubnetLease, SubnetLease> Renew { get; set; } = own =>
        own with { Expires = clock.GetUtcNow() + TimeSpan.FromHours(24) };

    /// <summary>Answers an acquisition; throws to refuse.</summary>
    internal Func<LeaseRequest, AcquiredLease> Acquire { get; set; } = _ => throw new NotSupportedException();

    /// <summary>Answers a look for the own lease; throws to refuse.</summary>
    internal Func<SubnetLease?> FindOwn { get; set; } = () => null;

    /// <summary>Answers a read of the config; throws to refuse.</summary>
    internal Func<NetworkConfig> Config { get; set; } = () => NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    /// <summary>How often a renewal was asked for.</summary>
    internal int Renewals => Volatile.Read(ref _renewals);

    /// <summary>How often the config was asked for.</summary>
    internal int ConfigReads => Volatile.Read(ref _configReads);

    /// <summary>The leases that were asked for, in their order.</summary>
    internal ConcurrentQueue<LeaseRequest> Requests { get; } = [];

    internal void Tell(LeaseUpdate update) => _updates.Writer.TryWrite(update);

    internal void Break(Exception problem) => _updates.Writer.Complete(problem);

    internal void EndWatch() => _updates.Writer.Complete();

    public Task<NetworkConfig> ReadConfigAsync(CancellationToken cancellation)
    {
        Interlocked.Increment(ref _configReads);
        return Answer(Config);
    }

    public Task<AcquiredLease> AcquireAsync(
        NetworkConfig config, LeaseRequest request, CancellationToken cancellation)
    {
        Requests.Enqueue(request);
        return Answer(() => Acquire(request));
    }

    public Task<SubnetLease?> FindOwnAsync(
        NetworkConfig config, LeaseRequest request, CancellationToken cancellation) => Answer(FindOwn);

    public Task<SubnetLease> RenewAsync(SubnetLease own, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _renewals);
        return Answer(() => Renew(own));
    }

    public Task ReleaseAsync(SubnetLease own, CancellationToken cancellation) => throw new NotSupportedException();

    public async IAsyncEnumerable<LeaseUpdate> WatchAsync(
        NetworkConfig config, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (LeaseUpdate update in _updates.Reader.ReadAllAsync(cancellation))
        {
            yield return update;
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static Task<T> Answer<T>(Func<T> answer)
    {
        try
        {
            return Task.FromResult(answer());
        }
        catch (LeaseStoreException problem)
        {
            return Task.FromException<T>(problem);
        }
    }
}
