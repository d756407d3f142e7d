using System;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using Overlay.Lease.Kubernetes.Nodes;

namespace Overlay.Lease.Kubernetes.Client;

/// <summary>What the API server says and what goes wrong below it, turned into <see cref="ApiException"/>.</summary>
internal static class ApiFailures
{
    // Of a resource version that a member of the API server has not reached yet; it comes with code 504.
    private const string TooLarge = "Too large resource version";

    /// <summary>Whether an exception is what a request comes to when the server or the wire is the cause.</summary>
    internal static bool IsExternal(Exception problem) => problem is HttpRequestException or IOException
        or SocketException or AuthenticationException or JsonException or OperationCanceledException;

    /// <summary>What the server said.</summary>
    /// <param name="server">Where.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="status">Its words.</param>
    internal static ApiException Of(Uri server, string request, ApiStatus status)
    {
        ApiFailure failure = status.Code switch
        {
            (int)HttpStatusCode.Gone => ApiFailure.Expired,
            (int)HttpStatusCode.TooManyRequests => ApiFailure.Throttled,
            (int)HttpStatusCode.Unauthorized => ApiFailure.Unauthorized,
            (int)HttpStatusCode.Forbidden => ApiFailure.Forbidden,
            (int)HttpStatusCode.NotFound => ApiFailure.NotFound,
            _ when status.Message.Contains(TooLarge, StringComparison.Ordinal) => ApiFailure.Expired,
            >= 500 or (int)HttpStatusCode.RequestTimeout => ApiFailure.NotReady,
            _ => ApiFailure.Refused,
        };
        string text = status.Message.Length > 0
            ? status.Message
            : string.Create(CultureInfo.InvariantCulture, $"status {status.Code}");
        return new ApiException(failure, request, $"kube-api {server} says: {Line(text)}")
        {
            RetryAfter = status.RetryAfter,
        };
    }

    /// <summary>What a request came to.</summary>
    /// <param name="server">Where.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="problem">One that <see cref="IsExternal"/>.</param>
    /// <param name="patience">How long was waited, should that be the reason.</param>
    /// <param name="certificate">What is wrong with a certificate, should that be the reason; null when it is not
    /// known.</param>
    internal static ApiException Of(
        Uri server, string request, Exception problem, TimeSpan patience, string? certificate = null)
    {
        if (problem is OperationCanceledException)
        {
            string time = string.Create(CultureInfo.InvariantCulture, $"{patience.TotalSeconds:0.#} s");
            return new ApiException(
                ApiFailure.NotReady, request, $"kube-api {server} has not answered within {time}", problem);
        }

        Exception cause = problem;
        while (cause.InnerException is { } inner && cause is not AuthenticationException)
        {
            cause = inner;
        }

        return problem is JsonException
            ? new ApiException(
                ApiFailure.Invalid, request, $"kube-api {server} answers what cannot be read: {Line(problem.Message)}",
                problem)
            : cause is AuthenticationException
            ? new ApiException(
                ApiFailure.Untrusted, request, $"kube-api {server}: {certificate ?? Line(cause.Message)}", problem)
            : new ApiException(
                ApiFailure.NotReady, request, $"kube-api {server} cannot be reached: {Line(cause.Message)}", problem);
    }

    // The words of the API server on a missing right are longer than what OneLine.Shorten leaves.
    private static string Line(string text) => text.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}
