using System;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease.Etcd.Client;

/// <summary>
/// One endpoint's connection: made with the first call, again after it was lost, and pinged while it is in use.
/// </summary>
internal sealed class EtcdConnection : IDisposable
{
    private const int ReceiveWindowBytes = 1024 * 1024; // a long answer need not wait for permission every 64 KB

    private readonly HttpMessageInvoker _invoker;
    private readonly CancellationTokenSource _closed = new();
    private readonly string? _serverName;
    private readonly TimeSpan _connectTimeout;
    private readonly Lock _counting = new();

    private int _users;
    private bool _isRetired, _isDisposed;

    /// <summary>Reads the certificate files. Nothing is connected yet.</summary>
    /// <exception cref="EtcdException">A file cannot be read or used.</exception>
    internal EtcdConnection(Uri endpoint, EtcdOptions options)
    {
        Endpoint = endpoint;
        Closed = _closed.Token;
        _connectTimeout = options.ConnectTimeout;
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = options.ConnectTimeout,
            InitialHttp2StreamWindowSize = ReceiveWindowBytes,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests, // servers end a connection pinged without
            KeepAlivePingDelay = options.PingInterval,
            KeepAlivePingTimeout = options.PingTimeout,
            PooledConnectionIdleTimeout = options.PingInterval, // unpinged while idle, so not trusted for longer
        };
        try
        {
            if (endpoint.Scheme == Uri.UriSchemeHttps)
            {
                Tls = new EtcdTls(options);
                handler.SslOptions = Tls.Options;
                _serverName = options.ServerName;
            }
        }
        catch
        {
            handler.Dispose();
            _closed.Dispose();
            throw;
        }

        _invoker = new HttpMessageInvoker(handler);
    }

    /// <summary>Where it leads.</summary>
    internal Uri Endpoint { get; }

    /// <summary>
    /// Cancelled when the client is disposed: nobody pings any more, so whoever still waits must stop.
    /// </summary>
    internal CancellationToken Closed { get; }

    /// <summary>Null without TLS.</summary>
    internal EtcdTls? Tls { get; }

    /// <summary>Sends a request.</summary>
    /// <returns>The answer's head; the body is still to be read.</returns>
    internal async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // The name for SNI and for the certificate is taken from here.
        request.Headers.Host = _serverName;
        HttpResponseMessage response = await _invoker.SendAsync(request, cancellationToken);
        Tls?.Confirm();
        return response;
    }

    /// <summary>Looks again at a failure that may have been a refusal of our certificate.</summary>
    /// <returns>That refusal, or the same failure.</returns>
    internal async Task<EtcdException> ExplainAsync(EtcdException failure, CancellationToken cancellationToken)
    {
        if (Tls is not { IsUnconfirmed: true } || failure.Code != EtcdStatus.Unavailable)
        {
            return failure;
        }

        string? problem = await EtcdTlsProbe.FindProblemAsync(
            Endpoint, Tls, _serverName ?? Endpoint.IdnHost, _connectTimeout, cancellationToken);
        return problem is null ? failure : failure.With(problem, EtcdStatus.Unauthenticated, EtcdFailure.Untrusted);
    }

    /// <summary>Somebody uses it, until <see cref="Leave"/>.</summary>
    internal void Enter()
    {
        lock (_counting)
        {
            _users++;
        }
    }

    /// <summary>The end of <see cref="Enter"/>.</summary>
    internal void Leave() => EndIf(() => --_users == 0 && _isRetired);

    /// <summary>
    /// No new users. It ends with the last there is: a watch goes on, and its pings find out whether it is dead.
    /// </summary>
    internal void Retire() => EndIf(() =>
    {
        _isRetired = true;
        return _users == 0;
    });

    public void Dispose() => EndIf(() => true);

    private void EndIf(Func<bool> isOver)
    {
        lock (_counting)
        {
            if (!isOver() || _isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        _closed.Cancel();
        _invoker.Dispose();
        _closed.Dispose();
    }
}
