using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Testing.Kubernetes;

/// <summary>
/// Stands in for the API server: nodes and pods are made, read, listed in pages, patched, removed and watched as there.
/// <c>ApiServerContract</c> holds it to the real one. What the real one does only under stress, a test orders.
/// </summary>
public sealed class StandInApiServer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly HashSet<TcpClient> _open = [];
    private readonly List<string> _requests = [];
    private readonly List<Order> _orders = [];
    private readonly Task _accepting;

    private volatile bool _isAway;

    /// <param name="listener">Listening, for example in another network namespace; null for one on loopback.</param>
    public StandInApiServer(TcpListener? listener = null)
    {
        _listener = listener ?? Listen(IPAddress.Loopback);
        Url = new Uri($"http://{_listener.LocalEndpoint}");
        _accepting = AcceptAsync();
    }

    public Uri Url { get; }

    public StandInCluster Cluster { get; } = new();

    /// <summary>The token without which nobody is let in; null for none.</summary>
    public string? Token { get; set; }

    /// <summary>So far: method, a blank, path and query.</summary>
    public string[] Requests
    {
        get
        {
            lock (_gate)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>Listens on a port of its own, in the network namespace of the calling thread.</summary>
    public static TcpListener Listen(IPAddress address)
    {
        var listener = new TcpListener(address, 0);
        listener.Start();
        return listener;
    }

    /// <summary>Answers the next requests of a kind with a status in place of what they ask for.</summary>
    /// <param name="said">A part of method, path and query.</param>
    /// <param name="code">The status.</param>
    /// <param name="message">In words.</param>
    /// <param name="retryAfter">Seconds, for the header; null for none.</param>
    /// <param name="times">How many.</param>
    public void Refuse(string said, int code, string message, string? retryAfter = null, int times = int.MaxValue)
    {
        lock (_gate)
        {
            _orders.Add(new Order(said, code, message, retryAfter) { Left = times });
        }
    }

    /// <summary>Lets everything through again.</summary>
    public void Allow()
    {
        _isAway = false;
        lock (_gate)
        {
            _orders.Clear();
        }
    }

    /// <summary>Closes all connections, and each new one until <see cref="Allow"/>.</summary>
    public void GoAway()
    {
        _isAway = true;
        CloseAll();
    }

    /// <summary>Closes all connections there are.</summary>
    public void CloseAll()
    {
        lock (_gate)
        {
            foreach (TcpClient client in _open)
            {
                client.Close();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        CloseAll();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> serving = [];
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                serving.Add(ServeAsync(client));
            }
        }
        catch (Exception problem) when (problem is OperationCanceledException or SocketException)
        {
        }

        await Task.WhenAll(serving);
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            client.NoDelay = true;
            lock (_gate)
            {
                _open.Add(client);
            }

            try
            {
                while (!_isAway
                    && await HttpExchange.ReadAsync(client.GetStream(), _stop.Token) is { } exchange && !_isAway)
                {
                    await AnswerAsync(exchange);
                }
            }
            catch (Exception problem) when (problem is IOException or SocketException or ObjectDisposedException
                or InvalidOperationException or OperationCanceledException)
            {
            }

            lock (_gate)
            {
                _open.Remove(client);
            }
        }
    }

    private Task AnswerAsync(HttpExchange exchange)
    {
        string query = string.Join('&', exchange.Query.Select(each => $"{each.Key}={each.Value}"));
        Order? order;
        lock (_gate)
        {
            string request = $"{exchange.Method} {exchange.Path}?{query}".TrimEnd('?');
            _requests.Add(request);
            order = _orders.FirstOrDefault(
                each => each.Left > 0 && request.Contains(each.Said, StringComparison.Ordinal));
            if (order is not null)
            {
                order.Left--;
            }
        }

        if (order is not null)
        {
            return exchange.AnswerAsync(order.Code, StandInAnswers.Status(order.Code, order.Message), order.RetryAfter);
        }

        if (Token is { } token && exchange.Headers.GetValueOrDefault("Authorization") != $"Bearer {token}")
        {
            return exchange.AnswerAsync(401, StandInAnswers.Status(401, "Unauthorized"));
        }

        string collection = StandInAnswers.CollectionOf(exchange.Path);
        return exchange.Query.ContainsKey("watch") ? WatchAsync(exchange, collection)
            : StandInAnswers.AnswerAsync(Cluster, exchange, collection);
    }

    private async Task WatchAsync(HttpExchange exchange, string collection)
    {
        long version = long.Parse(exchange.Query["resourceVersion"], CultureInfo.InvariantCulture);
        var time = TimeSpan.FromSeconds(int.Parse(exchange.Query["timeoutSeconds"], CultureInfo.InvariantCulture));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        end.CancelAfter(time);
        await exchange.BeginStreamAsync();
        try
        {
            while (true)
            {
                Task changed = Cluster.Changed;
                if (Cluster.EventsBehind(version, collection) is not { } events)
                {
                    // The real one says it so, too: the stream stands, and its only event is the error.
                    await exchange.SendPieceAsync(StandInAnswers.Event(
                        "ERROR", JsonNode.Parse(StandInAnswers.Status(
                            410, $"too old resource version: {version} ({Cluster.Version})"))!.AsObject()));
                    break;
                }

                foreach ((long at, string type, JsonObject value) in events)
                {
                    await exchange.SendPieceAsync(StandInAnswers.Event(type, value));
                    version = at;
                }

                await changed.WaitAsync(end.Token);
            }
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            // The time is over; how far it has come is what the API may say at any moment.
            await exchange.SendPieceAsync(StandInAnswers.Event("BOOKMARK", new JsonObject
            {
                ["kind"] = "Node",
                ["metadata"] = new JsonObject { ["resourceVersion"] = $"{Cluster.Version}" },
            }));
        }

        await exchange.EndStreamAsync();
    }

    private sealed record Order(string Said, int Code, string Message, string? RetryAfter)
    {
        internal int Left { get; set; }
    }
}
