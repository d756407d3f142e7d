using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Daemon.Endpoints;
using Overlay.Daemon.Health;
using Overlay.Health;
using Overlay.Terminal;
using Overlay.Testing;
using Xunit;

namespace Overlay.Daemon.Tests.Endpoints;

public sealed class HttpEndpointTests : IAsyncLifetime
{
    private readonly ManualTime _time = new();
    private readonly HealthBoard _board;
    private readonly WorkerProgress _progress;
    private readonly ProbePages _probes;
    private readonly LineLog _log = new();
    private readonly HttpEndpoint _endpoint;
    private readonly HttpClient _client = new();

    public HttpEndpointTests()
    {
        _board = new HealthBoard(_time);
        _progress = new WorkerProgress(_time, WorkerProgress.DefaultHungAfter);
        _probes = new ProbePages(_board, _progress);
        _endpoint = HttpEndpoint.Listen(
            new IPEndPoint(IPAddress.Loopback, 0),
            new Dictionary<string, HttpPage>
            {
                ["/healthz"] = _probes.Healthz,
                ["/readyz"] = _probes.Readyz,
                ["/broken"] = _ => throw new InvalidDataException("what it reads is cut\nshort"),
            },
            "--healthz-port", _time, _log);
        _client.BaseAddress = new Uri($"http://localhost:{_endpoint.Address.Port}/");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _endpoint.DisposeAsync();
    }

    [Fact]
    public async Task On_every_address_of_IPv6_it_answers_those_of_IPv4_too_as_a_listener_of_Go_does()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "the kernel has no IPv6");
        await using var all = HttpEndpoint.Listen(
            new IPEndPoint(IPAddress.IPv6Any, 0),
            new Dictionary<string, HttpPage> { ["/healthz"] = _probes.Healthz }, "--healthz-port", _time, _log);
        foreach (string host in new[] { "127.0.0.1", "[::1]" })
        {
            Assert.Equal(
                "flanneld is running",
                await _client.GetStringAsync(new Uri($"http://{host}:{all.Address.Port}/healthz"), Cancellation));
        }
    }

    [Fact]
    public async Task Healthz_fails_only_when_a_worker_hangs_and_says_stocks_words_otherwise()
    {
        _board.Raise(HealthCodes.LeaseLost, "10.5.1.0/24", "another host has it");
        Assert.Equal((HttpStatusCode.OK, "flanneld is running"), await GetAsync("healthz"));
        WorkTurns turns = _progress.Watch("upkeep");
        turns.Begin();
        Assert.Equal((HttpStatusCode.OK, "flanneld is running"), await GetAsync("healthz"));
        _time.Advance(WorkerProgress.DefaultHungAfter);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "flanneld hangs: upkeep"), await GetAsync("healthz"));
        turns.End();
        Assert.Equal((HttpStatusCode.OK, "flanneld is running"), await GetAsync("healthz"));
    }

    [Fact]
    public async Task Readyz_is_false_before_the_start_is_over_and_whenever_lease_tun_route_or_rules_are_lost()
    {
        (HttpStatusCode, string) notReady = (HttpStatusCode.ServiceUnavailable, "flanneld is not ready yet");
        Assert.Equal(notReady, await GetAsync("readyz"));
        _probes.IsStarted = true;
        Assert.Equal((HttpStatusCode.OK, "flanneld is ready"), await GetAsync("readyz"));
        HealthCode[] codes =
        [
            HealthCodes.LeaseLost, HealthCodes.TunDown, HealthCodes.RouteMissing, HealthCodes.FirewallRulesMissing,
        ];
        foreach (HealthCode code in codes)
        {
            _board.Raise(code, "it", "gone");
            Assert.Equal(notReady, await GetAsync("readyz"));
            (_, string verbose) = await GetAsync("readyz?verbose");
            Assert.Contains($"[-]{code.Name} it: gone\n", verbose, StringComparison.Ordinal);
            Assert.Contains("[+]link-gone ok\n", verbose, StringComparison.Ordinal);
            _board.Clear(code);
        }

        _board.Raise(HealthCodes.LeaseStoreAway, "etcd", "refused");
        Assert.Equal((HttpStatusCode.OK, "flanneld is ready"), await GetAsync("readyz"));
    }

    [Fact]
    public async Task What_is_no_request_for_a_page_is_answered_and_the_next_one_too()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("")).Status);
        using HttpResponseMessage post = await _client.PostAsync("healthz", new StringContent("x"), Cancellation);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
        using var head = new HttpRequestMessage(HttpMethod.Head, "healthz");
        using HttpResponseMessage headAnswer = await _client.SendAsync(head, Cancellation);
        Assert.Equal((HttpStatusCode.OK, 19L), (headAnswer.StatusCode, headAnswer.Content.Headers.ContentLength));
        foreach (string nonsense in new[] { "\r\n\r\n", "GET\r\n\r\n", new string('x', 9000) })
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(_endpoint.Address, Cancellation);
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(nonsense), Cancellation);
            byte[] answer = new byte[12];
            await socket.GetStream().ReadExactlyAsync(answer, Cancellation);
            Assert.Equal("HTTP/1.1 400", Encoding.ASCII.GetString(answer));
        }

        Assert.Equal((HttpStatusCode.OK, "flanneld is running"), await GetAsync("healthz"));
    }

    [Fact]
    public async Task A_page_that_fails_is_answered_with_500_and_logged_once()
    {
        (HttpStatusCode, string) failed =
            (HttpStatusCode.InternalServerError, "/broken could not be answered: what it reads is cut\n");
        Assert.Equal(failed, await GetAsync("broken"));
        Assert.Equal(failed, await GetAsync("broken"));
        Assert.Single(_log.Lines);
        Assert.Equal((HttpStatusCode.OK, "flanneld is running"), await GetAsync("healthz"));
    }

    [Fact]
    public async Task Those_that_connect_and_ask_nothing_keep_nobody_from_an_answer_and_are_closed_after_a_while()
    {
        TcpClient[] silent = [.. Enumerable.Range(0, HttpEndpoint.MostClients).Select(_ => new TcpClient())];
        try
        {
            foreach (TcpClient client in silent)
            {
                await client.ConnectAsync(_endpoint.Address, Cancellation);
            }

            // The clock stands, so nobody's patience ends.
            Assert.Equal((HttpStatusCode.OK, "flanneld is running"), await GetAsync("healthz"));
            Assert.True(await IsClosedAsync(silent[0]));
            ValueTask<bool> last = IsClosedAsync(silent[^1]);
            Assert.False(last.IsCompleted);
            await Eventually.IsTrue(
                () => last.IsCompleted, () => "it is still there", () => _time.Advance(HttpEndpoint.AskedWithin));
            Assert.True(await last);
        }
        finally
        {
            foreach (TcpClient client in silent)
            {
                client.Dispose();
            }
        }
    }

    [Fact]
    public void An_address_that_is_taken_is_refused_in_one_line() => Assert.Matches(
        "^could not listen on 127.0.0.1:[0-9]+: Address already in use; choose another with --healthz-port$",
        Assert.Throws<OperatorException>(() => HttpEndpoint.Listen(
            _endpoint.Address, new Dictionary<string, HttpPage>(), "--healthz-port", _time, _log)).Message);

    private static async ValueTask<bool> IsClosedAsync(TcpClient client)
    {
        try
        {
            return await client.GetStream().ReadAsync(new byte[1], Cancellation) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private async Task<(HttpStatusCode Status, string Body)> GetAsync(string path)
    {
        using HttpResponseMessage answer = await _client.GetAsync(path, Cancellation);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }
}
