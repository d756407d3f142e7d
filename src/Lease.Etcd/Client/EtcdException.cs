using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using Grpc.Core;

namespace Overlay.Lease.Etcd.Client;

/// <summary>
/// A call to etcd failed. The message is one line: the endpoint, the call and its key, what happened.
/// </summary>
internal sealed class EtcdException : Exception
{
    private const long EnhanceYourCalm = 0xb; // RFC 9113, section 7

    /// <summary>A call to one endpoint failed.</summary>
    internal EtcdException(
        StatusCode code,
        EtcdFailure failure,
        Uri endpoint,
        string call,
        string reason,
        Exception? innerException = null)
        : base($"etcd {EtcdEndpointList.Text(endpoint)}: {call}: {JoinLines(reason)}", innerException)
    {
        Code = code;
        Failure = failure;
        Endpoint = endpoint;
        Call = call;
        Reason = JoinLines(reason);
    }

    /// <summary>Something of ours is wrong, for example a file.</summary>
    internal EtcdException(string message, Exception? innerException = null)
        : base(JoinLines(message), innerException)
    {
        Code = StatusCode.InvalidArgument;
        Failure = EtcdFailure.Refused;
        Reason = Message;
    }

    private EtcdException(IReadOnlyList<EtcdException> failures, EtcdException foremost)
        : base(
            $"etcd: {foremost.Call}: no endpoint can do it: {string.Join("; ", failures.Select(ShortForm))}", foremost)
    {
        Code = foremost.Code;
        Failure = foremost.Failure;
        Call = foremost.Call;
        Reason = foremost.Reason;
    }

    /// <summary>What etcd said, or what comes nearest when it said nothing.</summary>
    internal StatusCode Code { get; }

    /// <summary>What that means for a caller.</summary>
    internal EtcdFailure Failure { get; }

    /// <summary>Trying again later may help: etcd is away, without a leader, busy or stopping. A write may have been
    /// done, unless <see cref="Failure"/> is <see cref="EtcdFailure.NotSent"/>.</summary>
    internal bool IsNotReady => Failure is EtcdFailure.NotSent or EtcdFailure.Interrupted;

    /// <summary>Whether its time was over without a word, as against etcd saying that it was.</summary>
    internal bool IsSilence => Code == StatusCode.DeadlineExceeded && InnerException is not null;

    /// <summary>
    /// A certificate, a password, a token or a permission is wrong: somebody has to change something first.
    /// </summary>
    internal bool IsRefused => Failure is EtcdFailure.Refused or EtcdFailure.Untrusted;

    /// <summary>The revision asked for is gone from the history; read again without one.</summary>
    internal bool IsCompacted => Failure == EtcdFailure.Compacted;

    /// <summary>The answer is longer than is taken; ask for less at a time.</summary>
    internal bool IsTooLong => Failure == EtcdFailure.TooLong;

    /// <summary>The lease named in the call does not exist.</summary>
    internal bool IsLeaseNotFound => Code == StatusCode.NotFound;

    /// <summary>Who failed; null when it was several, or none was asked.</summary>
    internal Uri? Endpoint { get; }

    private string? Call { get; }

    private string Reason { get; }

    /// <summary>
    /// Whether etcd has no room for writes until somebody clears it: "too many requests" has the same code, and passes.
    /// </summary>
    internal bool IsFull =>
        Code == StatusCode.ResourceExhausted && Message.Contains("space exceeded", StringComparison.Ordinal);

    /// <summary>
    /// Whether the server has ended the connection, or the call, with HTTP/2's ENHANCE_YOUR_CALM (RFC 9113, section 7):
    /// gRPC servers do at too many pings (gRFC A8), proxies also at too many requests.
    /// </summary>
    internal bool IsEnhanceYourCalm => Causes.Any(
        cause => cause is HttpProtocolException { ErrorCode: EnhanceYourCalm });

    /// <summary>Whether it was one request too many: for a busy etcd, or for a proxy that limits requests.</summary>
    internal bool IsTooManyRequests => Causes.Any(cause => cause is NotGrpcException { IsTooManyRequests: true })
        || (Code == StatusCode.ResourceExhausted && !IsEnhanceYourCalm && !IsFull);

    private IEnumerable<Exception> Causes
    {
        get
        {
            for (Exception? cause = this; cause is not null; cause = cause.InnerException)
            {
                yield return cause;
            }
        }
    }

    /// <summary>The same with a better reason.</summary>
    internal EtcdException With(string reason) => With(reason, Code, Failure);

    /// <summary>The same failure, understood better.</summary>
    internal EtcdException With(string reason, StatusCode code, EtcdFailure failure) =>
        Endpoint is null || Call is null ? this : new EtcdException(code, failure, Endpoint, Call, reason, this);

    /// <summary>One failure for a call that was tried at each of several endpoints.</summary>
    /// <param name="failures">One or more. If one may have done it, all may; else if one can pass by itself, trying
    /// again may help.</param>
    internal static EtcdException Of(IReadOnlyList<EtcdException> failures)
    {
        EtcdException foremost = failures.FirstOrDefault(failure => failure.Failure == EtcdFailure.Interrupted)
            ?? failures.FirstOrDefault(failure => failure.IsNotReady)
            ?? failures[0];
        return failures.Count == 1 ? foremost : new EtcdException(failures, foremost);
    }

    private static string ShortForm(EtcdException failure) => failure.Endpoint is { } endpoint
        ? $"{EtcdEndpointList.HostAndPort(endpoint)}: {failure.Reason}"
        : failure.Reason;

    private static string JoinLines(string text) =>
        string.Join(' ', text.Split((char[])['\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>What a failed call means for a caller.</summary>
internal enum EtcdFailure
{
    /// <summary>It was surely not done: etcd was not reached, or turned it away before looking at it.</summary>
    NotSent,

    /// <summary>It may have been done: no answer came, or one that leaves it open.</summary>
    Interrupted,

    /// <summary>Certificates do not fit, so nothing was sent. Another member may have a better one.</summary>
    Untrusted,

    /// <summary>Not with this password, token or permission.</summary>
    Refused,

    /// <summary>The revision asked for is gone.</summary>
    Compacted,

    /// <summary>There is an answer, of more bytes than are taken in one message.</summary>
    TooLong,

    /// <summary>The request itself is wrong, for example for a lease that does not exist.</summary>
    Invalid,
}
