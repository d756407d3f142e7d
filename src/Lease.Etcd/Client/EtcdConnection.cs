using System;
using System.IO;
using System.Net.Http;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Etcdserverpb;
using Grpc.Core;
using Grpc.Net.Client;

namespace Overlay.Lease.Etcd.Client;

/// <summary>
/// One endpoint's channel: connected with the first call, again after it was lost, and pinged while it is in use.
/// </summary>
internal sealed class EtcdConnection : IDisposable
{
    /// <summary>
    /// Longest message taken, which must be more than one value may be: etcd takes 1.5 MB unless told otherwise.
    /// </summary>
    internal const int MaximumMessageBytes = 16 * 1024 * 1024;

    private const int ReceiveWindowBytes = 1024 * 1024; // a long answer need not wait for permission every 64 KB

    private readonly GrpcChannel _channel;
    private readonly CancellationTokenSource _closed = new();
    private readonly string? _serverName;
    private readonly TimeSpan _connectTimeout;
    private readonly Lock _counting = new();

    private volatile bool _isUnanswered;
    private int _users;
    private bool _isRetired, _isDisposed;

    /// <summary>Reads the certificate files. Nothing is connected yet.</summary>
    /// <exception cref="EtcdException">A file cannot be read or used.</exception>
    internal EtcdConnection(Uri endpoint, EtcdOptions options)
    {
        Endpoint = endpoint;
        Closed = _closed.Token;
        _connectTimeout = options.ConnectTimeout;
        if (endpoint.Scheme == Uri.UriSchemeHttps)
        {
            Tls = new EtcdTls(options);
            _serverName = options.ServerName;
        }

        _channel = GrpcChannel.ForAddress(endpoint, new GrpcChannelOptions
        {
            HttpHandler = new EtcdHttpHandler(Transport(options), _serverName, onAnswer: () => _isUnanswered = false),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaximumMessageBytes,
            CompressionProviders = [], // a limit on what comes over the wire would be none on what it unpacks to
        });
        Invoker = _channel.CreateCallInvoker();
        Keys = new KV.KVClient(Invoker);
        Leases = new Etcdserverpb.Lease.LeaseClient(Invoker);
        Watches = new Watch.WatchClient(Invoker);
        Maintenance = new Maintenance.MaintenanceClient(Invoker);
        Users = new Auth.AuthClient(Invoker);
    }

    /// <summary>Where it leads.</summary>
    internal Uri Endpoint { get; }

    /// <summary>
    /// Cancelled when the client is disposed: nobody pings any more, so whoever still waits must stop.
    /// </summary>
    internal CancellationToken Closed { get; }

    /// <summary>Null without TLS.</summary>
    internal EtcdTls? Tls { get; }

    /// <summary>
    /// True from the moment a TCP connection is up until the first answer on it. What breaks meanwhile may be a server
    /// of something else, or a member's refusal of our certificate, which with TLS 1.3 comes after the handshake has
    /// succeeded for us.
    /// </summary>
    internal bool IsUnanswered => _isUnanswered;

    /// <summary>What all the clients call.</summary>
    internal CallInvoker Invoker { get; }

    internal KV.KVClient Keys { get; }

    internal Etcdserverpb.Lease.LeaseClient Leases { get; }

    internal Watch.WatchClient Watches { get; }

    internal Maintenance.MaintenanceClient Maintenance { get; }

    internal Auth.AuthClient Users { get; }

    /// <summary>Looks again at a failure that may have been a refusal of our certificate.</summary>
    /// <returns>That refusal, or the same failure.</returns>
    internal async Task<EtcdException> ExplainAsync(EtcdException failure, CancellationToken cancellation)
    {
        bool isLoss = failure is { Code: StatusCode.Unavailable, Failure: EtcdFailure.Interrupted };
        if (Tls is null || !IsUnanswered || !isLoss)
        {
            return failure;
        }

        string? problem = await EtcdTlsProbe.FindProblemAsync(
            Endpoint, Tls, _serverName ?? Endpoint.IdnHost, _connectTimeout, cancellation);
        return problem is null ? failure : failure.With(problem, StatusCode.Unauthenticated, EtcdFailure.Untrusted);
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

    private SocketsHttpHandler Transport(EtcdOptions options)
    {
        var transport = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectCallback = ConnectAsync, // without one the channel connects by itself, and backs off
            ConnectTimeout = options.ConnectTimeout,
            InitialHttp2StreamWindowSize = ReceiveWindowBytes,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests, // servers end a connection pinged without
            KeepAlivePingDelay = options.PingInterval,
            KeepAlivePingTimeout = options.PingTimeout,
            PooledConnectionIdleTimeout = options.PingInterval, // unpinged while idle, so not trusted for longer
        };
        if (Tls is not null)
        {
            transport.SslOptions = Tls.Options;
        }

        return transport;
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        _isUnanswered = true;
        return new NetworkStream(socket, ownsSocket: true);
    }

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
        _channel.Dispose();
        _closed.Dispose();
    }
}
