using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Overlay.Lease.Etcd.Protocol;

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

    /// <summary>Reads the certificate files; connects with the first call.</summary>
    /// <exception cref="EtcdException">A file cannot be read or used.</exception>
    internal EtcdClient(EtcdOptions options)
    {
        if (options.Endpoints.Count == 0)
        {
            throw new EtcdException("etcd: no endpoint is given");
        }

        _options = options;
        _endpoints = new EtcdEndpoints(options);
        _authentication = new EtcdAuthentication(options);
    }

    /// <summary>Reads one key or a range of them.</summary>
    internal Task<RangeResponse> RangeAsync(RangeRequest request, CancellationToken cancellationToken) =>
        CallAsync(EtcdCall.Of(request), request, RangeResponse.Parser, cancellationToken);

    /// <summary>Writes a key, whatever it holds.</summary>
    internal Task<PutResponse> PutAsync(PutRequest request, CancellationToken cancellationToken) =>
        CallAsync(EtcdCall.Of(request), request, PutResponse.Parser, cancellationToken);

    /// <summary>Deletes one key or a range of them.</summary>
    internal Task<DeleteRangeResponse> DeleteRangeAsync(
        DeleteRangeRequest request, CancellationToken cancellationToken) =>
        CallAsync(EtcdCall.Of(request), request, DeleteRangeResponse.Parser, cancellationToken);

    /// <summary>Compares, then does one thing or the other, at once.</summary>
    internal Task<TxnResponse> TxnAsync(TxnRequest request, CancellationToken cancellationToken) =>
        CallAsync(EtcdCall.Of(request), request, TxnResponse.Parser, cancellationToken);

    /// <summary>Makes an etcd lease.</summary>
    internal Task<LeaseGrantResponse> LeaseGrantAsync(LeaseGrantRequest request, CancellationToken cancellationToken) =>
        CallAsync(EtcdCall.Of(request), request, LeaseGrantResponse.Parser, cancellationToken);

    /// <summary>Gives an etcd lease its full time again.</summary>
    /// <returns>A time to live of 0 when there is no such lease.</returns>
    internal Task<LeaseKeepAliveResponse> LeaseKeepAliveAsync(long leaseId, CancellationToken cancellationToken)
    {
        var request = new LeaseKeepAliveRequest { Id = leaseId };
        return CallAsync(EtcdCall.Of(request), request, LeaseKeepAliveResponse.Parser, cancellationToken);
    }

    /// <summary>Ends an etcd lease, and with it its keys.</summary>
    internal Task<LeaseRevokeResponse> LeaseRevokeAsync(long leaseId, CancellationToken cancellationToken)
    {
        var request = new LeaseRevokeRequest { Id = leaseId };
        return CallAsync(EtcdCall.Of(request), request, LeaseRevokeResponse.Parser, cancellationToken);
    }

    /// <summary>Asks how long an etcd lease lasts.</summary>
    /// <returns>A time to live of −1 when there is no such lease.</returns>
    internal Task<LeaseTimeToLiveResponse> LeaseTimeToLiveAsync(
        LeaseTimeToLiveRequest request, CancellationToken cancellationToken) =>
        CallAsync(EtcdCall.Of(request), request, LeaseTimeToLiveResponse.Parser, cancellationToken);

    /// <summary>Asks a member how it is.</summary>
    /// <param name="endpoint">One of the options' endpoints; null for whichever answers.</param>
    /// <param name="cancellationToken">The caller's.</param>
    internal Task<StatusResponse> StatusAsync(Uri? endpoint, CancellationToken cancellationToken)
    {
        int? position = endpoint is null ? null : _endpoints.Find(endpoint);
        ArgumentOutOfRangeException.ThrowIfNegative(position ?? 0, nameof(endpoint));
        return CallAsync(EtcdCall.Status(), new StatusRequest(), StatusResponse.Parser, cancellationToken, position);
    }

    /// <summary>Watches until cancelled or until it breaks off; opened again, it asks the next endpoint.</summary>
    /// <returns>What etcd answers, the confirmation included. It never just ends: an answer that cancels the watch, for
    /// example with a compact revision, is followed by the <see cref="EtcdException"/>.</returns>
    internal async IAsyncEnumerable<WatchResponse> WatchAsync(
        WatchCreateRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (WatchStream stream, int position) = await TryEachAsync(
            EtcdCall.Of(request),
            async (connection, at, token) =>
                (await WatchStream.OpenAsync(
                    connection, request, token, _options.RequestTimeout, cancellationToken), at),
            cancellationToken);
        await using (stream)
        {
            yield return stream.Created;
            while (true)
            {
                WatchResponse response;
                try
                {
                    response = await stream.ReadAsync(cancellationToken);
                }
                catch (EtcdException failure) when (failure.IsNotReady)
                {
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
        EtcdCall call, IMessage request, MessageParser<T> parser, CancellationToken cancellationToken, int? only = null)
        where T : class, IMessage<T> =>
        TryEachAsync(
            call,
            (connection, _, token) => GrpcCall.UnaryAsync(
                connection, call, request, parser, token, _options.RequestTimeout, cancellationToken),
            cancellationToken,
            only);

    // Asks the preferred endpoint, then the others, as long as that can do no harm.
    private async Task<T> TryEachAsync<T>(
        EtcdCall call, Func<EtcdConnection, int, string?, Task<T>> ask, CancellationToken cancellationToken, int? only =
            null)
    {
        List<EtcdException> failures = [];
        int position = only ?? _endpoints.Preferred;
        bool hasNewToken = false;
        while (true)
        {
            EtcdConnection connection = _endpoints.Enter(position);
            string? token = null;
            bool isAsked = false;
            try
            {
                token = await _authentication.GetTokenAsync(connection, cancellationToken);
                isAsked = true;
                return await ask(connection, position, token);
            }
            catch (EtcdException refusal) when (isAsked && !hasNewToken && IsWorthNewToken(call, token, refusal))
            {
                hasNewToken = true;
            }
            catch (EtcdException seen) when (seen.IsNotReady || seen.Failure == EtcdFailure.Untrusted)
            {
                EtcdException failure = await connection.ExplainAsync(seen, cancellationToken);
                failures.Add(failure);
                // not etcd's own words
                bool isSilent = failure is { Code: EtcdStatus.DeadlineExceeded, InnerException: not null };
                if (isSilent || failure.Failure == EtcdFailure.Untrusted)
                {
                    _endpoints.GiveUp(connection);
                }

                position = _endpoints.PassBy(position);
                bool mayAskOther = !isAsked || call.IsRepeatable || failure.Failure != EtcdFailure.Interrupted;
                if (!mayAskOther || only is not null || failures.Count == _endpoints.Count)
                {
                    throw EtcdException.Of(failures);
                }
            }
            catch (EtcdException refusal) when (isAsked && refusal.IsRefused)
            {
                throw Explain(refusal);
            }
            finally
            {
                connection.Leave();
            }
        }
    }

    private bool IsWorthNewToken(EtcdCall call, string? token, EtcdException refusal) =>
        _authentication.TryForget(token, refusal, isDoubtful: call.Path == EtcdCall.WatchPath);

    private EtcdException Explain(EtcdException refusal) => (refusal.Code, _options.Username) switch
    {
        (EtcdStatus.PermissionDenied, { } user) =>
            refusal.With($"permission denied: no role of user \"{user}\" allows it"),
        (EtcdStatus.InvalidArgument, null) => refusal.With("this etcd wants a user and a password"),
        (EtcdStatus.Unauthenticated, null) when _options.TokenFile is { } file =>
            refusal.With($"the token in {file} is invalid or has expired"),
        _ => refusal,
    };
}
