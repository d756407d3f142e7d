using System.IO;
using System.Net;

namespace Overlay.Lease.Etcd.Client;

/// <summary>An answer came over HTTP/2, and is not gRPC.</summary>
/// <param name="status">Its status.</param>
/// <param name="type">Its media type; null for none.</param>
internal sealed class NotGrpcException(HttpStatusCode status, string? type)
    : IOException($"answers HTTP {(int)status} with {type ?? "no type"} instead of gRPC")
{
    /// <summary>Whether a proxy says so of a server behind it, and may say otherwise in a while.</summary>
    internal bool IsPassing { get; } = status is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
        or HttpStatusCode.GatewayTimeout or HttpStatusCode.TooManyRequests;

    /// <summary>Whether it says that there are too many requests (HTTP 429).</summary>
    internal bool IsTooManyRequests { get; } = status is HttpStatusCode.TooManyRequests;
}
