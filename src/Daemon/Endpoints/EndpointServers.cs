using System;
using System.Collections.Generic;
using System.Net;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Options;
using Overlay.Terminal;

namespace Overlay.Daemon.Endpoints;

/// <summary>The pages that are served over HTTP, on the addresses that were asked for.</summary>
internal sealed class EndpointServers : IAsyncDisposable
{
    private readonly List<HttpEndpoint> _servers = [];

    /// <summary>Opens them: none by default.</summary>
    /// <param name="choice">Where.</param>
    /// <param name="probes">What probes are answered.</param>
    /// <param name="metrics">The metrics; null before there are any.</param>
    /// <param name="status">The status as JSON; null before there is any.</param>
    /// <param name="log">Gets a line for each address.</param>
    /// <exception cref="OperatorException">An address is taken, or not this host's.</exception>
    internal static async Task<EndpointServers> OpenAsync(
        EndpointChoice choice, ProbePages probes, Func<string?> metrics, Func<string?> status, ILogger log)
    {
        var probePages = new Dictionary<string, HttpPage>
        {
            ["/healthz"] = probes.Healthz,
            ["/readyz"] = probes.Readyz,
        };
        var dataPages = new Dictionary<string, HttpPage>
        {
            ["/metrics"] = _ => Show(metrics(), MetricsText.ContentType),
            ["/statusz"] = _ => Show(status(), "application/json"),
        };
        var servers = new EndpointServers();
        try
        {
            if (choice.Probes is { } probe && probe.Equals(choice.Metrics))
            {
                servers.Add(
                    probe, new Dictionary<string, HttpPage>([.. probePages, .. dataPages]), "--healthz-port", log);
                return servers;
            }

            if (choice.Probes is { } probesAlone)
            {
                servers.Add(probesAlone, probePages, "--healthz-ip and --healthz-port", log);
            }

            if (choice.Metrics is { } metricsAlone)
            {
                servers.Add(metricsAlone, dataPages, "--metrics-ip and --metrics-port", log);
            }

            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (HttpEndpoint server in _servers)
        {
            await server.DisposeAsync();
        }
    }

    private static HttpAnswer Show(string? body, string contentType) => body is null
        ? new HttpAnswer(503, "flanneld is not ready yet\n")
        : new HttpAnswer(200, body, contentType);

    private void Add(IPEndPoint address, IReadOnlyDictionary<string, HttpPage> pages, string options, ILogger log)
    {
        var server = HttpEndpoint.Listen(address, pages, options, TimeProvider.System, log);
        _servers.Add(server);
        Log.Serving(log, string.Join(", ", pages.Keys), server.Address.ToString());
    }
}
