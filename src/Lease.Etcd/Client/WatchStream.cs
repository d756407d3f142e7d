using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Etcdserverpb;
using Grpc.Core;

namespace Overlay.Lease.Etcd.Client;

/// <summary>A watch that one endpoint has confirmed.</summary>
internal sealed class WatchStream : IDisposable
{
    private readonly EtcdCall _call;
    private readonly CancellationTokenSource _lifetime;

    private AsyncDuplexStreamingCall<WatchRequest, WatchResponse>? _stream;
    private EtcdException? _cancelled;

    private int _connects;

    private WatchStream(EtcdConnection connection, EtcdCall call, CancellationTokenSource lifetime)
    {
        Connection = connection;
        _call = call;
        _lifetime = lifetime;
        connection.Enter();
    }

    /// <summary>What it runs on.</summary>
    internal EtcdConnection Connection { get; }

    /// <summary>The answer that confirmed it.</summary>
    internal WatchResponse Created { get; private set; } = new();

    /// <summary>Asks for a watch.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="request">What to watch.</param>
    /// <param name="token">Who we are; null for nobody.</param>
    /// <param name="timeout">Until it is confirmed.</param>
    /// <param name="cancellation">For as long as it lasts.</param>
    /// <exception cref="EtcdException">It failed or was refused.</exception>
    internal static async Task<WatchStream> OpenAsync(
        EtcdConnection connection,
        WatchCreateRequest request,
        string? token,
        TimeSpan timeout,
        CancellationToken cancellation)
    {
        var lifetime = CancellationTokenSource.CreateLinkedTokenSource(cancellation, connection.Closed);
        var watch = new WatchStream(connection, EtcdCall.Of(request), lifetime);
        try
        {
            lifetime.CancelAfter(timeout);
            await watch.StartAsync(request, token, timeout, cancellation);
            lifetime.CancelAfter(Timeout.InfiniteTimeSpan);
            return watch;
        }
        catch
        {
            watch.Dispose();
            throw;
        }
    }

    /// <summary>The next answer. One that says the watch is cancelled is the last.</summary>
    /// <exception cref="EtcdException">The watch is over.</exception>
    internal async Task<WatchResponse> ReadAsync(CancellationToken cancellation)
    {
        if (_cancelled is not null)
        {
            throw _cancelled;
        }

        WatchResponse response = await ReadOrProbeAsync(cancellation);
        _cancelled = response.Canceled ? Cancelled(response) : null;
        return response;
    }

    public void Dispose()
    {
        _stream?.Dispose(); // resets it, where the end of our side alone would leave the watch running
        _lifetime.Dispose();
        Connection.Leave();
    }

    private async Task StartAsync(
        WatchCreateRequest request, string? token, TimeSpan timeout, CancellationToken cancellation)
    {
        _stream = Connection.Watches.Watch(_call.Options(token, _lifetime.Token));
        await UnaryCall.WriteAsync(_stream.RequestStream, new WatchRequest { CreateRequest = request });
        Created = await ReadOneAsync(timeout, cancellation);
        _connects = Connection.Connects;
        if (Created.Canceled)
        {
            throw Cancelled(Created);
        }
    }

    // Where pings are rare, a question in their place, at the pace they had: that is all that finds a dead connection.
    // No server takes it for a ping too many: after an answer of its own it counts pings anew (grpc-go's
    // http2_server.go, handlePing). A watch's own progress request would do as well, were it not that etcd's grpc-proxy
    // does not support it (grpcproxy/watch.go, recvLoop).
    private async Task<WatchResponse> ReadOrProbeAsync(CancellationToken cancellation)
    {
        Task<WatchResponse> reading = ReadOneAsync(timeout: null, cancellation);
        while (Connection.ProbeInterval is { } interval && !await EndsWithinAsync(reading, interval))
        {
            try
            {
                await UnaryCall.RunAsync(
                    Connection,
                    EtcdCall.Status(),
                    (to, options) => to.Maintenance.StatusAsync(new StatusRequest(), options).ResponseAsync,
                    token: null,
                    Connection.ProbeTimeout,
                    cancellation);
            }
            catch (EtcdException problem) when (!problem.IsSilence)
            {
                // Whatever the answer is, it is one; and a connection that breaks ends the watch by itself.
            }

            if (Connection.Connects != _connects && !reading.IsCompleted)
            {
                string reason = "it was left for a new connection: the server has announced the end of the one before";
                throw EtcdFailures.Of(StatusCode.Unavailable, reason, Connection.Endpoint, _call);
            }
        }

        return await reading;
    }

    private static async Task<bool> EndsWithinAsync(Task task, TimeSpan time)
    {
        using var over = new CancellationTokenSource();
        bool isFirst = await Task.WhenAny(task, Task.Delay(time, over.Token)) == task;
        await over.CancelAsync();
        return isFirst;
    }

    private async Task<WatchResponse> ReadOneAsync(TimeSpan? timeout, CancellationToken cancellation)
    {
        IAsyncStreamReader<WatchResponse> answers = _stream!.ResponseStream; // set by StartAsync
        try
        {
            return await answers.MoveNext(CancellationToken.None)
                ? answers.Current
                : throw new InvalidDataException("ended by etcd without a reason");
        }
        catch (Exception problem) when (EtcdFailures.IsExternal(problem))
        {
            cancellation.ThrowIfCancellationRequested();
            throw EtcdFailures.Of(problem, Connection, _call, _lifetime.IsCancellationRequested ? timeout : null);
        }
    }

    // The reason is the text of a gRPC error, for example
    // "rpc error: code = PermissionDenied desc = etcdserver: permission denied".
    private EtcdException Cancelled(WatchResponse response)
    {
        if (response.CompactRevision != 0)
        {
            string gone = $"required revision has been compacted; the oldest is {response.CompactRevision}";
            return EtcdFailures.Of(StatusCode.OutOfRange, gone, Connection.Endpoint, _call);
        }

        string reason = response.CancelReason;
        int description = reason.IndexOf("desc = ", StringComparison.Ordinal);
        StatusCode code = reason.Contains("PermissionDenied", StringComparison.Ordinal) ? StatusCode.PermissionDenied
            : reason.Contains("Unauthenticated", StringComparison.Ordinal) ? StatusCode.Unauthenticated
            : StatusCode.Cancelled;
        return EtcdFailures.Of(
            code, description < 0 ? reason : reason[(description + 7)..], Connection.Endpoint, _call);
    }
}
