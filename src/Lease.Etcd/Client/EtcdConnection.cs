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
    private readonly EtcdDial _dial;
    private readonly string? _serverName;
    private readonly TimeSpan _connectTimeout;
    private readonly Lock _counting = new();

    private volatile bool _isUnanswered;
    private volatile int _connects;
    private int _users;
    private bool _isRetired, _isDisposed;

    /// <summary>Reads the certificate files. Nothing is connected yet.</summary>
    /// <param name="endpoint">Where it leads.</param>
    /// <param name="options">How.</param>
    /// <param name="pingInterval">After how much silence it is pinged: more than the options say where the endpoint has
    /// taken that for too many pings; null for what they say.</param>
    /// <exception cref="EtcdException">A file cannot be read or used.</exception>
    internal EtcdConnection(Uri endpoint, EtcdOptions options, TimeSpan? pingInterval = null)
    {
        Endpoint = endpoint;
        PingInterval = pingInterval ?? options.PingInterval;
        ProbeInterval = PingInterval > options.PingInterval ? options.PingInterval : null;
        ProbeTimeout = options.PingTimeout;
        Closed = _closed.Token;
        _connectTimeout = options.ConnectTimeout;
        _dial = new EtcdDial(options.Resolve);
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

    /// <summary>After how much silence it is pinged while it is in use.</summary>
    internal TimeSpan PingInterval { get; }

    /// <summary>
    /// After how much silence a watch asks for the member's status, to find out whether the connection is dead: where
    /// pings are too rare for that. Null where they are not.
    /// </summary>
    internal TimeSpan? ProbeInterval { get; }

    /// <summary>How long the answer to that may take.</summary>
    internal TimeSpan ProbeTimeout { get; }

    /// <summary>
    /// How many TCP connections there have been. A further one while the one before is still open means that the server
    /// has announced the end of that one (GOAWAY): what is asked from then on says nothing about it.
    /// </summary>
    internal int Connects => _connects;

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

    /// <summary>What a connection that has not come up in time lacks, for a message.</summary>
    internal string Pending => _dial.Pending;

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
            KeepAlivePingDelay = PingInterval,
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
        Socket socket = await _dial.ConnectAsync(context.DnsEndPoint, cancellation);
        _isUnanswered = true;
        Interlocked.Increment(ref _connects);
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
