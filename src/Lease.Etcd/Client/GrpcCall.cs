using System;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;

namespace Overlay.Lease.Etcd.Client;

/// <summary>One call to one endpoint, as gRPC puts it over HTTP/2.</summary>
internal static class GrpcCall
{
    /// <summary>Sends one message and reads one. A stream on which we say only one thing is the same.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="call">What.</param>
    /// <param name="request">The message.</param>
    /// <param name="parser">Of the answer.</param>
    /// <param name="token">Who we are; null for nobody.</param>
    /// <param name="timeout">For everything.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="EtcdException">It failed.</exception>
    internal static async Task<T> UnaryAsync<T>(
        EtcdConnection connection,
        EtcdCall call,
        IMessage request,
        MessageParser<T> parser,
        string? token,
        TimeSpan timeout,
        CancellationToken cancellationToken)
        where T : class, IMessage<T>
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        try
        {
            using HttpRequestMessage message = Request(
                connection.Endpoint, call, token, new ByteArrayContent(GrpcFrames.Encode(request)));
            message.Headers.TryAddWithoutValidation("grpc-timeout", $"{(long)timeout.TotalMilliseconds}m");
            using HttpResponseMessage response = await connection.SendAsync(message, deadline.Token);
            EtcdFailures.CheckHead(response, connection.Endpoint, call);
            await using Stream body = await response.Content.ReadAsStreamAsync(deadline.Token);
            T? answer = await GrpcFrames.ReadAsync(body, parser, deadline.Token);

            // The status comes behind the body.
            if (answer is not null && await GrpcFrames.ReadAsync(body, parser, deadline.Token) is not null)
            {
                throw new InvalidDataException("more than one answer");
            }

            EtcdFailures.CheckStatus(response.TrailingHeaders, connection.Endpoint, call);
            return answer ?? throw new InvalidDataException("no answer, and no reason");
        }
        catch (Exception e) when (EtcdFailures.IsBelow(e) && !cancellationToken.IsCancellationRequested)
        {
            throw EtcdFailures.Of(e, connection, call, deadline.IsCancellationRequested ? timeout : null);
        }
        catch (Exception e) when (EtcdFailures.IsBelow(e))
        {
            // Whatever the cancellation has led to below.
            throw new OperationCanceledException(cancellationToken);
        }
    }

    /// <summary>A request without its deadline.</summary>
    internal static HttpRequestMessage Request(Uri endpoint, EtcdCall call, string? token, HttpContent content)
    {
        // The version of a request, not that of the handler, decides; without "exact" it is HTTP/1.1 on plain TCP.
        var message = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint, call.Path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        message.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (call.RequiresLeader)
        {
            message.Headers.TryAddWithoutValidation("hasleader", "true");
        }

        if (token is not null)
        {
            message.Headers.TryAddWithoutValidation("token", token);
        }

        return message;
    }
}
