using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;

namespace Overlay.Lease.Etcd.Client;

/// <summary>What etcd says and what goes wrong below it, turned into <see cref="EtcdException"/>.</summary>
internal static class EtcdFailures
{
    private const string Prefix = "etcdserver: ";
    private const string Ended = "it ended the connection without an answer";
    private const string LongerThanWeTake = "exceeds the maximum configured message size"; // of the channel
    private const string LongerThanMost = "message larger than max"; // of a gRPC proxy in between

    // Of etcd 3.4 to 3.6. These it gives before anything was done.
    private static readonly string[] s_turnedAway = ["no leader", "not capable", "too many requests"];

    // These come as an invalid argument, or from etcd 3.3 without a code, although the request is fine.
    private static readonly string[] s_aboutUsers =
    [
        "authentication failed", "user name is empty", "user name not found", "revision of auth store is old",
        "invalid auth token", "auth: ",
    ];

    /// <summary>
    /// Whether an exception is what a call comes to when etcd, the wire or an end of waiting is the cause; any other
    /// is a fault of ours, which must not be reported as a lost connection.
    /// </summary>
    internal static bool IsExternal(Exception problem) => CauseOf(problem)
        is null or HttpRequestException or IOException or SocketException or InvalidDataException
        or OperationCanceledException or ObjectDisposedException; // the last when the client is disposed meanwhile

    /// <summary>Whether the channel ended a call at its deadline, as against a member that says it did.</summary>
    internal static bool IsOwnDeadline(Exception problem) => problem is RpcException
    {
        StatusCode: StatusCode.DeadlineExceeded,
        Status: { Detail: "" } or { DebugException: not null },
    };

    /// <summary>What etcd said.</summary>
    internal static EtcdException Of(StatusCode code, string message, Uri endpoint, EtcdCall call)
    {
        string reason = message.StartsWith(Prefix, StringComparison.Ordinal) ? message[Prefix.Length..] : message;
        if (reason.Contains(LongerThanWeTake, StringComparison.Ordinal))
        {
            reason = $"the answer has more than the {EtcdConnection.MaximumMessageBytes} bytes that are taken";
            return new EtcdException(code, EtcdFailure.TooLong, endpoint, call.Text, reason);
        }

        return new EtcdException(
            code, Classify(code, reason), endpoint, call.Text, reason.Length > 0 ? reason : $"{code}");
    }

    /// <summary>What a call came to.</summary>
    /// <param name="problem">One that <see cref="IsExternal"/>; not for the caller's own cancellation.</param>
    /// <param name="connection">Where.</param>
    /// <param name="call">What was asked.</param>
    /// <param name="deadline">Given when its time was over.</param>
    internal static EtcdException Of(Exception problem, EtcdConnection connection, EtcdCall call, TimeSpan? deadline)
    {
        Uri endpoint = connection.Endpoint;
        if (connection.Closed.IsCancellationRequested)
        {
            return Failure(StatusCode.Unavailable, EtcdFailure.Interrupted, "the client was disposed");
        }

        Exception? cause = CauseOf(problem);
        string stranger = $"Is {endpoint.Scheme} right, and this a client port of etcd v3?";
        string remedy = connection.IsUnanswered ? stranger : string.Empty;
        if (cause is OperationCanceledException && Innermost(cause) is TimeoutException)
        {
            return Failure(StatusCode.Unavailable, EtcdFailure.NotSent, Join(connection.Pending, remedy));
        }

        if (deadline is { } time)
        {
            string silence = $"no answer within {time.TotalSeconds:0.###} s";
            return Failure(StatusCode.DeadlineExceeded, EtcdFailure.Interrupted, Join(silence, remedy));
        }

        if (cause is null)
        {
            Status said = ((RpcException)problem).Status; // whatever has no cause is one
            return Of(said.StatusCode, said.Detail, endpoint, call);
        }

        // A connection that breaks while it is set up is disposed under whoever uses it.
        string detail = Innermost(cause) is ObjectDisposedException
            ? "the connection broke off"
            : DialFailure(cause)?.Message ?? Innermost(cause).Message;
        switch (cause)
        {
            case NotGrpcException { IsTooManyRequests: true }:
                return Failure(
                    StatusCode.Unavailable,
                    EtcdFailure.Interrupted,
                    $"{detail}: the proxy before etcd takes these for too many requests");
            case NotGrpcException { IsPassing: true }:
                return Failure(
                    StatusCode.Unavailable, EtcdFailure.Interrupted, $"{detail}: does the proxy before etcd reach it?");
            case NotGrpcException:
                return Failure(
                    StatusCode.Unimplemented, EtcdFailure.Invalid, $"{detail}: is this a client port of etcd v3?");
            case InvalidProtocolBufferException:
                return Failure(
                    StatusCode.Unavailable,
                    EtcdFailure.Interrupted,
                    $"the answer is not what etcd v3 sends: {detail}");
            case HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }:
                // A connection that breaks off while certificates are exchanged says nothing about them.
                string? verdict = connection.Tls?.Explain(cause);
                bool isVerdict = verdict is not null || Innermost(cause) is not (IOException or SocketException);
                return Failure(
                    isVerdict ? StatusCode.Unauthenticated : StatusCode.Unavailable,
                    isVerdict ? EtcdFailure.Untrusted : EtcdFailure.NotSent,
                    verdict ?? Join($"no TLS connection: {detail}", "Is https right?"));
            case HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } when IsTakenBack(cause):
                return Failure(StatusCode.Unavailable, EtcdFailure.NotSent, Join($"{Ended}: {detail}", stranger));
            case HttpRequestException
            {
                HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError,
            }:
                return Failure(StatusCode.Unavailable, EtcdFailure.NotSent, detail);
            default:
                // Before its first answer: a server of something else, or an etcd that is being stopped.
                string what = connection.IsUnanswered ? Ended
                    : cause is HttpProtocolException ? "it was ended" : "the connection was lost";
                return Failure(StatusCode.Unavailable, EtcdFailure.Interrupted, Join($"{what}: {detail}", remedy));
        }

        EtcdException Failure(StatusCode code, EtcdFailure failure, string reason) =>
            new(code, failure, endpoint, call.Text, reason, problem);
    }

    private static EtcdFailure Classify(StatusCode code, string reason)
    {
        if (s_aboutUsers.Any(part => reason.Contains(part, StringComparison.Ordinal)))
        {
            return EtcdFailure.Refused;
        }

        return code switch
        {
            StatusCode.PermissionDenied or StatusCode.Unauthenticated => EtcdFailure.Refused,
            StatusCode.ResourceExhausted when reason.Contains(LongerThanMost, StringComparison.Ordinal) =>
                EtcdFailure.TooLong,
            StatusCode.OutOfRange when reason.Contains("compacted", StringComparison.Ordinal) => EtcdFailure.Compacted,
            _ when s_turnedAway.Contains(reason) => EtcdFailure.NotSent,
            StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled
                or StatusCode.ResourceExhausted or StatusCode.Aborted or StatusCode.Unknown or StatusCode.Internal =>
                EtcdFailure.Interrupted,
            StatusCode.FailedPrecondition when reason == "not leader" => EtcdFailure.Interrupted,
            _ => EtcdFailure.Invalid,
        };
    }

    // Null when etcd said it, or the channel of what etcd sent.
    private static Exception? CauseOf(Exception problem) =>
        problem is RpcException said ? said.Status.DebugException : problem;

    private static DialException? DialFailure(Exception problem) => problem as DialException
        ?? (problem.InnerException is { } inner ? DialFailure(inner) : null);

    private static Exception Innermost(Exception problem)
    {
        while (problem.InnerException is { } inner)
        {
            problem = inner;
        }

        return problem;
    }

    // A connection that was accepted and ended before we have looked at it.
    private static bool IsTakenBack(Exception problem) => Innermost(problem) is SocketException
    {
        SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown,
    };

    private static string Join(string reason, string remedy) =>
        remedy.Length == 0 ? reason : $"{reason.TrimEnd('.')}. {remedy}";
}
