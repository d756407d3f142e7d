using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Etcdserverpb;
using Google.Protobuf;
using Overlay.Lease.Etcd.Client;

namespace Overlay.Lease.Etcd.Store;

/// <summary>
/// etcd's answers about the lease keys, one after the other, in a form that can be waited for along with other things.
/// </summary>
internal sealed class LeaseEventStream : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly IAsyncEnumerator<WatchResponse> _responses;
    private Task<bool> _next;

    private LeaseEventStream(EtcdClient client, WatchCreateRequest request, CancellationToken cancellation)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _responses = client.WatchAsync(request, _stop.Token).GetAsyncEnumerator(_stop.Token);
        _next = _responses.MoveNextAsync().AsTask();
    }

    /// <summary>Completes when <see cref="TakeAsync"/> has something to give.</summary>
    internal Task Next => _next;

    /// <param name="client">Where to ask.</param>
    /// <param name="keys">What to watch.</param>
    /// <param name="revision">The first to be told of.</param>
    /// <param name="cancellation">Ends it.</param>
    internal static LeaseEventStream Open(
        EtcdClient client, EtcdKeys keys, long revision, CancellationToken cancellation) =>
        new(
            client,
            new WatchCreateRequest
            {
                Key = ByteString.CopyFromUtf8(keys.Subnets),
                RangeEnd = ByteString.CopyFromUtf8(keys.SubnetsEnd),
                StartRevision = revision,
                ProgressNotify = true,
            },
            cancellation);

    /// <exception cref="EtcdException">The stream broke off; only <see cref="DisposeAsync"/> is left to be
    /// called.</exception>
    internal async Task<WatchResponse> TakeAsync()
    {
        if (!await _next)
        {
            throw new InvalidOperationException("a watch ended without a reason");
        }

        WatchResponse response = _responses.Current;
        _next = _responses.MoveNextAsync().AsTask();
        return response;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            // An enumerator may not be disposed of while it moves.
            await _next;
        }
        catch (Exception problem) when (problem is OperationCanceledException or EtcdException)
        {
        }

        await _responses.DisposeAsync();
        _stop.Dispose();
    }
}
