using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Etcdserverpb;
using Grpc.Core;

namespace Overlay.Lease.Etcd.Client;

/// <summary>The calls to etcd v3 that leases need.</summary>
/// <remarks>
/// Safe for several callers at once. Every failure is an <see cref="EtcdException"/>; cancellation is an
/// <see cref="OperationCanceledException"/>. A call asks one endpoint after the other: any call when the one before was
/// surely not reached, a call that can be repeated also when it gave no answer. Each endpoint has
/// <see cref="EtcdOptions.RequestTimeout"/> of its own. Whether a write without an answer was done is the caller's to
/// find out.
/// </remarks>
internal sealed class EtcdClient : IAsyncDisposable
{
    private readonly EtcdOptions _options;
    private readonly EtcdEndpoints _endpoints;
    private readonly EtcdAuthentication _authentication;
    private readonly Action<string>? _warn;

    /// <summary>Reads the certificate files; connects with the first call.</summary>
    /// <param name="options">How etcd is reached.</param>
    /// <param name="warn">Gets a line, once, for each endpoint that wants fewer pings; null for nobody.</param>
    /// <param name="counts">Counts the calls; null for nobody.</param>
    /// <exception cref="EtcdException">A file cannot be read or used.</exception>
    internal EtcdClient(EtcdOptions options, Action<string>? warn = null, StoreCounts? counts = null)
    {
        Counts = counts ?? new StoreCounts(TimeProvider.System);
        _warn = warn;
        if (options.Endpoints.Count == 0)
        {
            throw new EtcdException("etcd: no endpoint is given");
        }

        _options = options;
        _endpoints = new EtcdEndpoints(options);
        _authentication = new EtcdAuthentication(options);
    }

    /// <summary>What was asked, and what came of it. Log-ins are not counted.</summary>
    internal StoreCounts Counts { get; }

    /// <summary>Reads one key or a range of them.</summary>
    internal Task<RangeResponse> RangeAsync(RangeRequest request, CancellationToken cancellation) =>
        CallAsync(EtcdCall.Of(request), (to, options) => to.Keys.RangeAsync(request, options), cancellation);

    /// <summary>Writes a key, whatever it holds.</summary>
    internal Task<PutResponse> PutAsync(PutRequest request, CancellationToken cancellation) =>
        CallAsync(EtcdCall.Of(request), (to, options) => to.Keys.PutAsync(request, options), cancellation);

    /// <summary>Deletes one key or a range of them.</summary>
    internal Task<DeleteRangeResponse> DeleteRangeAsync(
        DeleteRangeRequest request, CancellationToken cancellation) =>
        CallAsync(EtcdCall.Of(request), (to, options) => to.Keys.DeleteRangeAsync(request, options), cancellation);

    /// <summary>Compares, then does one thing or the other, at once.</summary>
    internal Task<TxnResponse> TxnAsync(TxnRequest request, CancellationToken cancellation) =>
        CallAsync(EtcdCall.Of(request), (to, options) => to.Keys.TxnAsync(request, options), cancellation);

    /// <summary>Makes an etcd lease.</summary>
    internal Task<LeaseGrantResponse> LeaseGrantAsync(LeaseGrantRequest request, CancellationToken cancellation) =>
        CallAsync(EtcdCall.Of(request), (to, options) => to.Leases.LeaseGrantAsync(request, options), cancellation);

    /// <summary>Gives an etcd lease its full time again.</summary>
    /// <returns>A time to live of 0 when there is no such lease.</returns>
    internal Task<LeaseKeepAliveResponse> LeaseKeepAliveAsync(long leaseId, CancellationToken cancellation)
    {
        var request = new LeaseKeepAliveRequest { ID = leaseId };
        return AskAsync(
            EtcdCall.Of(request),
            (to, options) => UnaryCall.AskOnceAsync(to.Leases.LeaseKeepAlive(options), request),
            cancellation);
    }

    /// <summary>Ends an etcd lease, and with it its keys.</summary>
    internal Task<LeaseRevokeResponse> LeaseRevokeAsync(long leaseId, CancellationToken cancellation)
    {
        var request = new LeaseRevokeRequest { ID = leaseId };
        return CallAsync(
            EtcdCall.Of(request), (to, options) => to.Leases.LeaseRevokeAsync(request, options), cancellation);
    }

    /// <summary>Asks how long an etcd lease lasts.</summary>
    /// <returns>A time to live of −1 when there is no such lease.</returns>
    internal Task<LeaseTimeToLiveResponse> LeaseTimeToLiveAsync(
        LeaseTimeToLiveRequest request, CancellationToken cancellation) =>
        CallAsync(
            EtcdCall.Of(request), (to, options) => to.Leases.LeaseTimeToLiveAsync(request, options), cancellation);

    /// <summary>Asks a member how it is.</summary>
    /// <param name="endpoint">One of the options' endpoints; null for whichever answers.</param>
    /// <param name="cancellation">The caller's.</param>
    internal Task<StatusResponse> StatusAsync(Uri? endpoint, CancellationToken cancellation)
    {
        int? position = endpoint is null ? null : _endpoints.Find(endpoint);
        ArgumentOutOfRangeException.ThrowIfNegative(position ?? 0, nameof(endpoint));
        return CallAsync(
            EtcdCall.Status(),
            (to, options) => to.Maintenance.StatusAsync(new StatusRequest(), options),
            cancellation,
            position);
    }

    /// <summary>Watches until cancelled or until it breaks off; opened again, it asks the next endpoint.</summary>
    /// <returns>What etcd answers, the confirmation included. It never just ends: an answer that cancels the watch, for
    /// example with a compact revision, is followed by the <see cref="EtcdException"/>.</returns>
    internal async IAsyncEnumerable<WatchResponse> WatchAsync(
        WatchCreateRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        (WatchStream stream, int position) = await TryEachAsync(
            EtcdCall.Of(request),
            async (connection, at, token) =>
                (await WatchStream.OpenAsync(
                    connection, request, token, _options.RequestTimeout, cancellation), at),
            cancellation);
        using (stream)
        {
            yield return stream.Created;
            while (true)
            {
                WatchResponse response;
                try
                {
                    response = await stream.ReadAsync(cancellation);
                }
                catch (EtcdException problem) when (problem.IsNotReady)
                {
                    LeaveIfUnfit(stream.Connection, problem);
                    _endpoints.PassBy(position);
                    throw;
                }

                yield return response;
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _endpoints.Dispose();
        _authentication.Dispose();
        return ValueTask.CompletedTask;
    }

    private Task<T> CallAsync<T>(
        EtcdCall call,
        Func<EtcdConnection, CallOptions, AsyncUnaryCall<T>> send,
        CancellationToken cancellation,
        int? only = null) =>
        AskAsync(call, (to, options) => send(to, options).ResponseAsync, cancellation, only);

    private Task<T> AskAsync<T>(
        EtcdCall call,
        Func<EtcdConnection, CallOptions, Task<T>> ask,
        CancellationToken cancellation,
        int? only = null) =>
        TryEachAsync(
            call,
            (connection, _, token) => UnaryCall.RunAsync(
                connection, call, ask, token, _options.RequestTimeout, cancellation),
            cancellation,
            only);

    // Asks the preferred endpoint, then the others, as long as that can do no harm.
    private async Task<T> TryEachAsync<T>(
        EtcdCall call,
        Func<EtcdConnection, int, string?, Task<T>> ask,
        CancellationToken cancellation,
        int? only = null)
    {
        List<EtcdException> failures = [];
        int position = only ?? _endpoints.Preferred;
        bool isRetry = false;
        while (true)
        {
            EtcdConnection connection = _endpoints.Enter(position);
            string? token = null;
            bool isAsked = false;
            try
            {
                token = await _authentication.GetTokenAsync(connection, cancellation);
                isAsked = true;
                T answer = await CountAsync(call, ask(connection, position, token));
                _authentication.Accepted(token);
                return answer;
            }
            catch (EtcdException problem) when (isAsked
                && _authentication.IsWorthNewToken(token, problem, call.IsWatch, isRetry)
                && (call.IsRepeatable || problem.Failure != EtcdFailure.Interrupted))
            {
                isRetry = true;
            }
            catch (EtcdException problem) when (problem.IsNotReady || problem.Failure == EtcdFailure.Untrusted)
            {
                EtcdException failure = await connection.ExplainAsync(problem, cancellation);
                failures.Add(failure);
                LeaveIfUnfit(connection, failure);
                position = _endpoints.PassBy(position);
                bool mayAskOther = !isAsked || call.IsRepeatable || failure.Failure != EtcdFailure.Interrupted;
                if (!mayAskOther || only is not null || failures.Count == _endpoints.Count)
                {
                    throw EtcdException.Of(failures);
                }
            }
            catch (EtcdException problem) when (isAsked && problem.IsRefused)
            {
                throw Explain(problem);
            }
            finally
            {
                connection.Leave();
            }
        }
    }

    private async Task<T> CountAsync<T>(EtcdCall call, Task<T> asked)
    {
        long began = Counts.Begin();
        try
        {
            T answer = await asked;
            Counts.AddAnswer(call.Operation, nameof(StatusCode.OK), isSuccess: true, began);
            return answer;
        }
        catch (EtcdException problem)
        {
            Counts.AddAnswer(call.Operation, problem.Code.ToString(), isSuccess: false, began);
            throw;
        }
    }

    // What was asked on it has failed. Where that is the connection's fault, the next call gets another one.
    private void LeaveIfUnfit(EtcdConnection connection, EtcdException failure)
    {
        if (failure.IsEnhanceYourCalm)
        {
            bool isNews = connection.ProbeInterval is null;
            if (_endpoints.PingLessOften(connection) && isNews)
            {
                double before = connection.PingInterval.TotalSeconds;
                _warn?.Invoke(
                    $"etcd {EtcdEndpointList.Text(connection.Endpoint)} has ended a connection or a call with "
                        + "ENHANCE_YOUR_CALM, as servers do at too many pings and proxies at too many requests: it is "
                        + $"pinged every {2 * before:0.###} s from now on, not every {before:0.###} s, and less often "
                        + "each time it does so again; meanwhile it is asked for its status");
            }
        }
        else if (failure.IsSilence || failure.Failure == EtcdFailure.Untrusted)
        {
            _endpoints.GiveUp(connection);
        }
    }

    private EtcdException Explain(EtcdException refusal) => (refusal.Code, _options.Username) switch
    {
        (StatusCode.PermissionDenied, { } user) =>
            refusal.With($"permission denied: no role of user \"{user}\" allows it"),
        (StatusCode.InvalidArgument, null) => refusal.With("this etcd wants a user and a password"),
        (StatusCode.Unauthenticated, null) when _options.TokenFile is { } file =>
            refusal.With($"the token in {file} is invalid or has expired"),
        _ => refusal,
    };
}
