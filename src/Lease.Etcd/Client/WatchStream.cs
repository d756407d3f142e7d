using System;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease.Etcd.Protocol;

namespace Overlay.Lease.Etcd.Client;

/// <summary>A watch that one endpoint has confirmed.</summary>
internal sealed class WatchStream : IAsyncDisposable
{
    private readonly EtcdConnection _connection;
    private readonly EtcdCall _call;
    private readonly OpenContent _content;
    private readonly CancellationTokenSource _lifetime;

    private HttpResponseMessage? _response;
    private Stream? _body;
    private EtcdException? _cancelled;

    private WatchStream(EtcdConnection connection, EtcdCall call, OpenContent content, CancellationTokenSource lifetime)
    {
        _connection = connection;
        _call = call;
        _content = content;
        _lifetime = lifetime;
        connection.Enter();
    }

    /// <summary>The answer that confirmed it.</summary>
    internal WatchResponse Created { get; private set; } = new();

    /// <summary>Asks for a watch.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="request">What to watch.</param>
    /// <param name="token">Who we are; null for nobody.</param>
    /// <param name="timeout">Until it is confirmed.</param>
    /// <param name="cancellationToken">For as long as it lasts.</param>
    /// <exception cref="EtcdException">It failed or was refused.</exception>
    internal static async Task<WatchStream> OpenAsync(
        EtcdConnection connection, WatchCreateRequest request, string? token, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var content = new OpenContent(GrpcFrames.Encode(new WatchRequest { CreateRequest = request }));
        var lifetime = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, connection.Closed);
        var stream = new WatchStream(connection, EtcdCall.Of(request), content, lifetime);
        try
        {
            lifetime.CancelAfter(timeout);
            await stream.StartAsync(token, timeout, cancellationToken);
            lifetime.CancelAfter(Timeout.InfiniteTimeSpan);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>The next answer. One that says the watch is cancelled is the last.</summary>
    /// <exception cref="EtcdException">The watch is over.</exception>
    internal async Task<WatchResponse> ReadAsync(CancellationToken cancellationToken)
    {
        if (_cancelled is not null)
        {
            throw _cancelled;
        }

        WatchResponse response = await ReadOneAsync(timeout: null, cancellationToken);
        _cancelled = response.Canceled ? Cancelled(response) : null;
        return response;
    }

    public async ValueTask DisposeAsync()
    {
        // The answer first: that resets the stream, where the end of our side alone would leave the watch running.
        if (_body is not null)
        {
            await _body.DisposeAsync();
        }

        _response?.Dispose();
        _content.End();
        _lifetime.Dispose();
        _connection.Leave();
    }

    private async Task StartAsync(string? token, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            HttpRequestMessage message = GrpcCall.Request(_connection.Endpoint, _call, token, _content);
            _response = await _connection.SendAsync(message, _lifetime.Token);
            EtcdFailures.CheckHead(_response, _connection.Endpoint, _call);
            _body = await _response.Content.ReadAsStreamAsync(_lifetime.Token);
        }
        catch (Exception e) when (EtcdFailures.IsBelow(e))
        {
            throw Translate(e, timeout, cancellationToken);
        }

        Created = await ReadOneAsync(timeout, cancellationToken);
        if (Created.Canceled)
        {
            throw Cancelled(Created);
        }
    }

    private async Task<WatchResponse> ReadOneAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        try
        {
            // set by StartAsync
            WatchResponse? response = await GrpcFrames.ReadAsync(_body!, WatchResponse.Parser, _lifetime.Token);
            if (response is null)
            {
                EtcdFailures.CheckStatus(_response!.TrailingHeaders, _connection.Endpoint, _call); // set with the body
                throw new InvalidDataException("ended by etcd without a reason");
            }

            return response;
        }
        catch (Exception e) when (EtcdFailures.IsBelow(e))
        {
            throw Translate(e, timeout, cancellationToken);
        }
    }

    private Exception Translate(Exception exception, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return new OperationCanceledException(cancellationToken);
        }

        return _connection.Closed.IsCancellationRequested
            ? new EtcdException(
                EtcdStatus.Unavailable, EtcdFailure.Interrupted, _connection.Endpoint, _call.Text, "the client was disposed")
            : EtcdFailures.Of(exception, _connection, _call, _lifetime.IsCancellationRequested ? timeout : null);
    }

    // The reason is the text of a gRPC error: "rpc error: code = PermissionDenied desc = etcdserver: permission
    // denied".
    private EtcdException Cancelled(WatchResponse response)
    {
        if (response.CompactRevision != 0)
        {
            string gone = $"required revision has been compacted; the oldest is {response.CompactRevision}";
            return EtcdFailures.Of(EtcdStatus.OutOfRange, gone, _connection.Endpoint, _call);
        }

        string reason = response.CancelReason;
        int description = reason.IndexOf("desc = ", StringComparison.Ordinal);
        EtcdStatus code = reason.Contains("PermissionDenied", StringComparison.Ordinal) ? EtcdStatus.PermissionDenied
            : reason.Contains("Unauthenticated", StringComparison.Ordinal) ? EtcdStatus.Unauthenticated
            : EtcdStatus.Cancelled;
        return EtcdFailures.Of(
            code, description < 0 ? reason : reason[(description + 7)..], _connection.Endpoint, _call);
    }

    /// <summary>Our side of the stream: one message, and then it stays open.</summary>
    private sealed class OpenContent(byte[] first) : HttpContent
    {
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal void End() => _end.TrySetResult();

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(first, cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await _end.Task.WaitAsync(cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
