using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Overlay.Lease.Etcd.Client;

/// <summary>What etcd says and what goes wrong below it, turned into <see cref="EtcdException"/>.</summary>
internal static class EtcdFailures
{
    private const string Prefix = "etcdserver: ";
    private const string LongerThanMost = "message larger than max"; // of a gRPC proxy in between
    private const long ProtocolError = 1; // RFC 9113, section 7

    // Of etcd 3.4 to 3.6. These it gives before anything was done.
    private static readonly string[] s_turnedAway = ["no leader", "not capable", "too many requests"];

    // These come as an invalid argument although the request is fine.
    private static readonly string[] s_aboutUsers =
        [
            "authentication failed", "user name is empty", "user name not found", "revision of auth store is old",
            "invalid auth token"];

    /// <summary>The status of a finished call; nothing happens when it is OK.</summary>
    /// <param name="headers">The trailers, or the head when there is no body.</param>
    /// <param name="endpoint">Who answered.</param>
    /// <param name="call">What was asked.</param>
    /// <exception cref="EtcdException">It is not OK, or there is none.</exception>
    internal static void CheckStatus(HttpHeaders headers, Uri endpoint, EtcdCall call)
    {
        if (Value(headers, "grpc-status") is not { } text || !int.TryParse(text, out int code))
        {
            throw new EtcdException(
                EtcdStatus.Internal, EtcdFailure.Interrupted, endpoint, call.Text, "the answer ends without a status");
        }

        if (code != (int)EtcdStatus.Ok)
        {
            throw Of((EtcdStatus)code, Uri.UnescapeDataString(
                Value(headers, "grpc-message") ?? string.Empty), endpoint, call);
        }
    }

    /// <summary>Is this gRPC at all?</summary>
    /// <exception cref="EtcdException">It is not, or it is a refusal without a body.</exception>
    internal static void CheckHead(HttpResponseMessage response, Uri endpoint, EtcdCall call)
    {
        if (Value(response.Headers, "grpc-status") is not null)
        {
            CheckStatus(response.Headers, endpoint, call);
        }

        string? type = response.Content.Headers.ContentType?.MediaType;
        if (response.StatusCode != HttpStatusCode.OK
            || type?.StartsWith("application/grpc", StringComparison.Ordinal) != true)
        {
            // Something in between may be restarting.
            bool isPassing = response.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
                or HttpStatusCode.GatewayTimeout or HttpStatusCode.TooManyRequests;
            throw new EtcdException(
                isPassing ? EtcdStatus.Unavailable : EtcdStatus.Unimplemented,
                isPassing ? EtcdFailure.Interrupted : EtcdFailure.Invalid,
                endpoint,
                call.Text,
                $"answers HTTP {(int)response.StatusCode} with {type ?? "no type"} instead of gRPC: is this a client "
                    + "port of etcd v3?");
        }
    }

    /// <summary>What etcd said.</summary>
    internal static EtcdException Of(EtcdStatus code, string message, Uri endpoint, EtcdCall call)
    {
        string reason = message.StartsWith(Prefix, StringComparison.Ordinal) ? message[Prefix.Length..] : message;
        return new EtcdException(
            code, Classify(code, reason), endpoint, call.Text, reason.Length > 0 ? reason : $"{code}");
    }

    /// <summary>
    /// Whether an exception is what sending and reading come to when the other side, the wire or an end of waiting is
    /// the cause; any other is a fault of ours, and nobody is to be told that the connection was lost.
    /// </summary>
    internal static bool IsBelow(Exception exception) => exception
        is HttpRequestException or IOException or SocketException or InvalidDataException
        or OperationCanceledException or ObjectDisposedException; // the last when the client is disposed of meanwhile

    /// <summary>What happened below.</summary>
    /// <param name="exception">One that <see cref="IsBelow"/>; not for the caller's own cancellation.</param>
    /// <param name="connection">Where.</param>
    /// <param name="call">What was asked.</param>
    /// <param name="deadline">Given when its time was over.</param>
    internal static EtcdException Of(Exception exception, EtcdConnection connection, EtcdCall call, TimeSpan? deadline)
    {
        Uri endpoint = connection.Endpoint;
        if (exception is OperationCanceledException { InnerException: TimeoutException })
        {
            return new(
                EtcdStatus.Unavailable, EtcdFailure.NotSent, endpoint, call.Text, "no connection in time", exception);
        }

        if (deadline is { } time)
        {
            return new(
                EtcdStatus.DeadlineExceeded,
                EtcdFailure.Interrupted,
                endpoint,
                call.Text,
                $"no answer within {time.TotalSeconds:0.###} s",
                exception);
        }

        if (exception is MessageTooLongException)
        {
            return new(
                EtcdStatus.ResourceExhausted, EtcdFailure.TooLong, endpoint, call.Text, exception.Message, exception);
        }

        string detail = Innermost(exception).Message;
        if (exception is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError })
        {
            // A connection that breaks off while certificates are exchanged says nothing about them.
            string? problem = connection.Tls?.Explain(exception);
            bool isVerdict = problem is not null || Innermost(exception) is not (IOException or SocketException);
            return new(
                isVerdict ? EtcdStatus.Unauthenticated : EtcdStatus.Unavailable,
                isVerdict ? EtcdFailure.Untrusted : EtcdFailure.NotSent,
                endpoint,
                call.Text,
                problem ?? $"no TLS connection: {detail} Is https right?",
                exception);
        }

        if (exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError })
        {
            return new(EtcdStatus.Unavailable, EtcdFailure.NotSent, endpoint, call.Text, detail, exception);
        }

        // Both are what a server of something else comes to, but also an etcd that is being stopped.
        bool isStrange = exception is HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse }
            || Innermost(exception) is HttpProtocolException { ErrorCode: ProtocolError };
        string hint = isStrange ? $" Is {endpoint.Scheme} right, and this a client port of etcd v3?" : string.Empty;
        return new(
            EtcdStatus.Unavailable, EtcdFailure.Interrupted, endpoint, call.Text, "the connection was lost: "
                + $"{detail}{hint}", exception);
    }

    private static EtcdFailure Classify(EtcdStatus code, string reason)
    {
        if (s_aboutUsers.Any(part => reason.Contains(part, StringComparison.Ordinal)))
        {
            return EtcdFailure.Refused;
        }

        return code switch
        {
            EtcdStatus.PermissionDenied or EtcdStatus.Unauthenticated => EtcdFailure.Refused,
            EtcdStatus.ResourceExhausted when reason.Contains(LongerThanMost, StringComparison.Ordinal) =>
                EtcdFailure.TooLong,
            EtcdStatus.OutOfRange when reason.Contains("compacted", StringComparison.Ordinal) => EtcdFailure.Compacted,
            _ when s_turnedAway.Contains(reason) => EtcdFailure.NotSent,
            EtcdStatus.Unavailable or EtcdStatus.DeadlineExceeded or EtcdStatus.Cancelled or EtcdStatus.ResourceExhausted
                or EtcdStatus.Aborted or EtcdStatus.Unknown or EtcdStatus.Internal => EtcdFailure.Interrupted,
            EtcdStatus.FailedPrecondition when reason == "not leader" => EtcdFailure.Interrupted,
            _ => EtcdFailure.Invalid,
        };
    }

    private static string? Value(HttpHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out HeaderStringValues values) ? values.ToString() : null;

    private static Exception Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception;
    }
}
