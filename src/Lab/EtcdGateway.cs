using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Overlay.Lab;

/// <summary>Asks an etcd inside a namespace through its JSON gateway.</summary>
/// <remarks>
/// Not through the client that the daemons have: what this shows is what anybody finds in that etcd. etcd 3.3 has the
/// gateway under <c>/v3beta</c>, later ones under <c>/v3</c>.
/// </remarks>
public sealed class EtcdGateway : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Uri _endpoint;
    private readonly HttpClient _http;
    private string? _root;

    /// <summary>Connects with the first question.</summary>
    /// <param name="networkNamespace">Where the connections begin.</param>
    /// <param name="endpoint">A client URL with an address in it, without TLS.</param>
    public EtcdGateway(string networkNamespace, Uri endpoint)
    {
        _endpoint = endpoint;
        _http = CreateClient(networkNamespace);
    }

    /// <summary>
    /// An HTTP client whose connections begin inside a namespace. It resolves no names and knows no proxy.
    /// </summary>
    public static HttpClient CreateClient(string networkNamespace)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectTimeout = s_patience,
            ConnectCallback = async (context, cancellation) =>
            {
                Socket socket = LabNamespace.Run(
                    networkNamespace, () =>
                        new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
                try
                {
                    await socket.ConnectAsync(
                        new IPEndPoint(
                            IPAddress.Parse(context.DnsEndPoint.Host), context.DnsEndPoint.Port), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        return new HttpClient(handler) { Timeout = s_patience };
    }

    /// <summary>Whether it serves and has a leader.</summary>
    public bool IsHealthy()
    {
        try
        {
            return $"{Send(HttpMethod.Get, "/health", null, out _)?["health"]}" == "true";
        }
        catch (LabException)
        {
            return false; // not listening yet
        }
    }

    /// <summary><c>3.4.23</c>.</summary>
    /// <exception cref="LabException">It does not answer.</exception>
    public string Version() => $"{Send(HttpMethod.Get, "/version", null, out _)?["etcdserver"]}";

    /// <summary>Writes a key.</summary>
    /// <param name="key">Whole.</param>
    /// <param name="value">Its text.</param>
    /// <param name="lease">The id of an etcd lease that the key ends with; 0 for none.</param>
    /// <exception cref="LabException">It was refused, or no answer came.</exception>
    public void Put(string key, string value, long lease = 0) => _ = Post("kv/put", new JsonObject
    {
        ["key"] = Base64(key),
        ["value"] = Base64(value),
        ["lease"] = $"{lease}",
    });

    /// <summary>All keys with a prefix, by name, each with its text.</summary>
    /// <exception cref="LabException">It was refused, or no answer came.</exception>
    public IReadOnlyList<KeyValuePair<string, string>> List(string prefix) =>
        [.. Read(prefix).Select(pair => KeyValuePair.Create(Text(pair["key"]), Text(pair["value"])))];

    /// <summary>All keys with a prefix, by name, as etcd's <c>KeyValue</c> messages.</summary>
    /// <exception cref="LabException">It was refused, or no answer came.</exception>
    public IReadOnlyList<JsonNode> Read(string prefix)
    {
        // The end of the range is the first key behind all that begin with the prefix.
        string end = prefix[..^1] + (char)(prefix[^1] + 1);
        JsonNode answer = Post("kv/range", new JsonObject { ["key"] = Base64(prefix), ["range_end"] = Base64(end) });
        return answer["kvs"] is JsonArray pairs ? [.. pairs.OfType<JsonNode>()] : [];
    }

    /// <summary>Any call of the gateway.</summary>
    /// <param name="path">Below the API's version: <c>kv/put</c>.</param>
    /// <param name="request">The message; bytes are Base64.</param>
    /// <exception cref="LabException">It was refused, or no answer came.</exception>
    public JsonNode Post(string path, JsonObject request)
    {
        string root = _root ?? "/v3";
        JsonNode? answer = Send(HttpMethod.Post, $"{root}/{path}", request, out HttpStatusCode code);
        if (_root is null && code == HttpStatusCode.NotFound)
        {
            root = "/v3beta";
            answer = Send(HttpMethod.Post, $"{root}/{path}", request, out code);
        }

        if (code != HttpStatusCode.OK)
        {
            throw new LabException(
                $"etcd refused {path}: {answer?["error"] ?? answer?["message"] ?? $"HTTP {(int)code}"}");
        }

        _root = root;
        return answer ?? new JsonObject();
    }

    /// <summary>As the gateway takes bytes.</summary>
    public static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    // A key without a value has no value in JSON.
    private static string Text(JsonNode? base64) => Encoding.UTF8.GetString(Convert.FromBase64String($"{base64}"));

    private JsonNode? Send(HttpMethod method, string path, JsonObject? body, out HttpStatusCode code)
    {
        using var message = new HttpRequestMessage(method, new Uri(_endpoint, path));
        if (body is not null)
        {
            message.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        try
        {
            using HttpResponseMessage response = _http.SendAsync(message).GetAwaiter().GetResult();
            string text = response.Content.ReadAsStringAsync().GetAwaiter().GetResult();
            code = response.StatusCode;
            return code == HttpStatusCode.NotFound ? null : JsonNode.Parse(text);
        }
        catch (Exception problem) when (
            problem is HttpRequestException or OperationCanceledException or IOException or JsonException)
        {
            throw new LabException(
                $"etcd at {_endpoint.GetLeftPart(UriPartial.Authority)} does not answer: "
                    + $"{problem.Message.TrimEnd('.')}");
        }
    }
}
