using System;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease.Kubernetes.Access;
using Overlay.Lease.Kubernetes.Nodes;

namespace Overlay.Lease.Kubernetes.Client;

/// <summary>
/// The few requests that leases take. Each is made once: who asks again, and when, is decided above. For several
/// callers at once.
/// </summary>
internal sealed class ApiClient : IDisposable
{
    internal const string GetNode = "get nodes", GetPod = "get pods", PatchNode = "patch nodes/status";
    internal const string ListNodes = "list nodes", WatchNodes = "watch nodes";

    /// <summary>How many nodes are asked for at once: an answer of some MB, read as it comes.</summary>
    internal const int PageSize = 500;

    private const string Json = "application/json";
    private const string StrategicMerge = "application/strategic-merge-patch+json";

    // A watch hears a bookmark about once a minute, and its end a while after the time it asked for.
    private static readonly TimeSpan s_longestSilence = TimeSpan.FromMinutes(1);

    private readonly ApiAccess _access;
    private readonly KubeOptions _options;
    private readonly NodeReader _reader;
    private readonly ApiTls _tls;
    private readonly HttpClient _http;

    /// <summary>Connects to nothing yet.</summary>
    /// <exception cref="LeaseStoreException">A certificate cannot be used.</exception>
    internal ApiClient(ApiAccess access, KubeOptions options, StoreCounts counts)
    {
        (_access, _options, Counts) = (access, options, counts);
        _reader = new NodeReader(options.Keys);
        _tls = new ApiTls(access);
        _tls.Check(); // what is wrong with a file is said at the start

#pragma warning disable CA2000 // the client disposes of it
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectTimeout = options.ConnectTimeout,
            SslOptions = _tls.Options(),
            KeepAlivePingDelay = TimeSpan.FromSeconds(15),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // certificates and names change
            AllowAutoRedirect = false, // a token goes to nobody else
            UseCookies = false,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan, // each request has its own
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
#pragma warning restore CA2000
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("overlay", null));
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue(Json));
    }

    /// <summary>What was asked, and what came of it.</summary>
    internal StoreCounts Counts { get; }

    /// <summary>For messages.</summary>
    internal Uri Server => _access.Server;

    /// <summary>Reads a node.</summary>
    internal Task<NodeRecord> GetNodeAsync(string name, CancellationToken cancellation) => AskAsync(
        GetNode, HttpMethod.Get, $"api/v1/nodes/{Uri.EscapeDataString(name)}", null, ReadNodeAsync, cancellation);

    /// <summary>Finds the node that a pod runs on.</summary>
    /// <returns>Empty while it is on none.</returns>
    internal Task<string> GetNodeOfPodAsync(string space, string name, CancellationToken cancellation) => AskAsync(
        GetPod, HttpMethod.Get,
        $"api/v1/namespaces/{Uri.EscapeDataString(space)}/pods/{Uri.EscapeDataString(name)}", null,
        async (body, stop) => PodReader.NodeName(await ReadAllAsync(body, stop)), cancellation);

    /// <summary>Changes a node's status, or its metadata by way of it.</summary>
    /// <param name="name">The node.</param>
    /// <param name="patch">A strategic merge patch, JSON.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The node as it is then.</returns>
    internal Task<NodeRecord> PatchNodeStatusAsync(string name, byte[] patch, CancellationToken cancellation) =>
        AskAsync(
            PatchNode, HttpMethod.Patch, $"api/v1/nodes/{Uri.EscapeDataString(name)}/status", patch, ReadNodeAsync,
            cancellation);

    /// <summary>Reads one page of all nodes.</summary>
    /// <param name="next">From the page before; null for the first.</param>
    /// <param name="cancellation">Ends the wait.</param>
    internal Task<NodePage> ListNodesAsync(string? next, CancellationToken cancellation)
    {
        string more = next is null ? "" : $"&continue={Uri.EscapeDataString(next)}";
        return AskAsync(
            ListNodes, HttpMethod.Get,
            string.Create(CultureInfo.InvariantCulture, $"api/v1/nodes?limit={PageSize}{more}"), null,
            (body, stop) => new NodeListReader(_reader).ReadAsync(body, stop), cancellation);
    }

    /// <summary>Opens a watch of all nodes.</summary>
    /// <param name="version">Behind which it begins.</param>
    /// <param name="time">How long the server is to keep it.</param>
    /// <param name="cancellation">Ends the wait for it to stand.</param>
    internal async Task<NodeWatchStream> WatchNodesAsync(
        string version, TimeSpan time, CancellationToken cancellation)
    {
        string path = string.Create(
            CultureInfo.InvariantCulture,
            $"api/v1/nodes?watch=true&allowWatchBookmarks=true&resourceVersion={Uri.EscapeDataString(version)}"
                + $"&timeoutSeconds={time.TotalSeconds:0}");
        long began = Counts.Begin();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(_options.RequestTimeout);
        HttpResponseMessage? response = null;
        try
        {
            response = await SendAsync(HttpMethod.Get, path, null, patience.Token);
            await RequireSuccessAsync(WatchNodes, response, patience.Token);
            Stream body = await response.Content.ReadAsStreamAsync(patience.Token);
            Counts.AddAnswer(NameOf(WatchNodes), CodeOf(response.StatusCode), isSuccess: true, began);
            var stream = new NodeWatchStream(response, body, _reader, Server, time + s_longestSilence);
            response = null;
            return stream;
        }
        catch (Exception problem) when (problem is ApiException || ApiFailures.IsExternal(problem))
        {
            throw Fail(WatchNodes, problem, response, began, cancellation);
        }
        finally
        {
            response?.Dispose();
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<T> AskAsync<T>(
        string request, HttpMethod method, string path, byte[]? patch, Func<Stream, CancellationToken, Task<T>> read,
        CancellationToken cancellation)
    {
        long began = Counts.Begin();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(_options.RequestTimeout);
        HttpResponseMessage? response = null;
        try
        {
            response = await SendAsync(method, path, patch, patience.Token);
            await RequireSuccessAsync(request, response, patience.Token);
            await using Stream body = await response.Content.ReadAsStreamAsync(patience.Token);
            T answer = await read(body, patience.Token);
            Counts.AddAnswer(NameOf(request), CodeOf(response.StatusCode), isSuccess: true, began);
            return answer;
        }
        catch (Exception problem) when (problem is ApiException || ApiFailures.IsExternal(problem))
        {
            throw Fail(request, problem, response, began, cancellation);
        }
        finally
        {
            response?.Dispose();
        }
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, byte[]? patch, CancellationToken cancellation)
    {
        // The path of the server's URL, if it has one, is a proxy's.
        var url = new Uri($"{Server.AbsoluteUri.TrimEnd('/')}/{path}");
        using var request = new HttpRequestMessage(method, url);
        request.Headers.Host = _access.ServerName; // by which the handler asks for a certificate
        if (_access.Token is { } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Read().Trim());
        }
        else if (_access.User is (var name, var password))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue(
                "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}")));
        }

        if (patch is not null)
        {
            request.Content = new ByteArrayContent(patch);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(StrategicMerge);
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }

    private async Task RequireSuccessAsync(
        string request, HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        ApiStatus said = new((int)response.StatusCode, "", null);
        ReadOnlyMemory<byte> text = await ReadAllAsync(
            await response.Content.ReadAsStreamAsync(cancellation), cancellation);
        try
        {
            var json = new Utf8JsonReader(text.Span);
            json.Read();
            said = said with { Message = ApiStatus.Read(ref json).Message };
        }
        catch (JsonException)
        {
            // A proxy's words, or plain text, which is what the server has for requests that are too many.
            said = said with { Message = OneLine.Shorten(Encoding.UTF8.GetString(text.Span)) };
        }

        throw ApiFailures.Of(Server, request, said with { RetryAfter = response.Headers.RetryAfter?.Delta });
    }

    private ApiException Fail(
        string request, Exception problem, HttpResponseMessage? response, long began, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        ApiException failure = problem as ApiException
            ?? ApiFailures.Of(Server, request, problem, _options.RequestTimeout, _tls.Problem);
        Counts.AddAnswer(
            NameOf(request),
            response is { IsSuccessStatusCode: false } ? CodeOf(response.StatusCode) : failure.Failure.ToString(),
            isSuccess: false, began);
        return failure;
    }

    // As a label of a metric.
    private static string NameOf(string request) => request.Replace(' ', '_').Replace('/', '_');

    private static string CodeOf(HttpStatusCode code) => ((int)code).ToString(CultureInfo.InvariantCulture);

    private async Task<NodeRecord> ReadNodeAsync(Stream body, CancellationToken cancellation)
    {
        var json = new Utf8JsonReader((await ReadAllAsync(body, cancellation)).Span);
        json.Read();
        return _reader.Read(ref json).Node;
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAllAsync(Stream body, CancellationToken cancellation)
    {
        using var whole = new MemoryStream();
        await body.CopyToAsync(whole, cancellation);
        return whole.GetBuffer().AsMemory(0, (int)whole.Length);
    }
}
