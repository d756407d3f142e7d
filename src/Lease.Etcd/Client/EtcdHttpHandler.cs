using System;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease.Etcd.Client;

/// <summary>
/// Stands between a channel and its transport: names the server, and sees whether an answer is gRPC at all.
/// </summary>
/// <param name="transport">Below; disposed with this.</param>
/// <param name="serverName">For SNI and for the member's certificate; null for the endpoint's host.</param>
/// <param name="onAnswer">Called for each answer, whatever it says.</param>
internal sealed class EtcdHttpHandler(HttpMessageHandler transport, string? serverName, Action onAnswer)
    : DelegatingHandler(transport)
{
    /// <exception cref="NotGrpcException">The answer comes from something that does not speak gRPC.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellation)
    {
        request.Headers.Host = serverName;
        HttpResponseMessage response = await base.SendAsync(request, cancellation);
        onAnswer();

        // A status of gRPC's is enough: proxies send one with any type and any status of HTTP.
        string? type = response.Content.Headers.ContentType?.MediaType;
        bool isGrpc = type?.StartsWith("application/grpc", StringComparison.Ordinal) == true
            && response.StatusCode == HttpStatusCode.OK;
        if (!isGrpc && !response.Headers.NonValidated.Contains("grpc-status"))
        {
            response.Dispose();
            throw new NotGrpcException(response.StatusCode, type);
        }

        return response;
    }
}
