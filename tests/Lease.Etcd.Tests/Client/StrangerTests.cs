using System;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Etcdserverpb;
using Overlay.Lease.Etcd.Client;
using Xunit;
using static Overlay.Lease.Etcd.Tests.Requests;

namespace Overlay.Lease.Etcd.Tests.Client;

/// <summary>What an operator reads when something else than etcd answers at an endpoint.</summary>
public sealed class StrangerTests(SharedEtcd etcd) : IClassFixture<SharedEtcd>
{
    // Whatever closes a connection does so sooner or later than the client writes on it: often enough for both.
    private const int Attempts = 20;

    // Waited for where no answer comes, and long enough for a connection, however busy the machine is.
    private static readonly TimeSpan s_medium = TimeSpan.FromSeconds(2);

    // Never waited for.
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(60);

    private static readonly byte[] s_page = Encoding.ASCII.GetBytes("<html>no healthy upstream</html>");

    private readonly string _key = NewKey();

    [Theory]
    [InlineData(429, "the proxy before etcd takes these for too many requests")]
    [InlineData(502, "does the proxy before etcd reach it?")]
    [InlineData(503, "does the proxy before etcd reach it?")]
    [InlineData(504, "does the proxy before etcd reach it?")]
    public async Task A_proxy_that_does_not_reach_etcd_or_wants_less_is_one_line_and_worth_another_try(
        int status, string hint)
    {
        using LoopbackServer proxy = CannedHttp2.Start(status, "text/html", s_page);
        await using EtcdClient client = Client(proxy.Endpoint);
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));
        Assert.Equal(
            $"etcd http://{proxy.Endpoint.Authority}: read of {_key}: answers HTTP {status} with text/html instead of "
            + $"gRPC: {hint}",
            failure.Message);
        Assert.True(failure.IsNotReady && !failure.IsRefused);
        Assert.Equal(status == 429, failure.IsTooManyRequests);
    }

    [Fact]
    public async Task Where_a_proxy_answers_503_reads_and_watches_ask_the_next_endpoint_and_a_write_is_not_repeated()
    {
        using LoopbackServer proxy = CannedHttp2.Start(503, "text/html", s_page);
        await using EtcdClient writer = Client(proxy.Endpoint, etcd.Server.Endpoint);
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(
            () => writer.PutAsync(Write(_key, "v"), Cancel));
        Assert.Equal(EtcdFailure.Interrupted, failure.Failure);

        await using EtcdClient reader = Client(proxy.Endpoint, etcd.Server.Endpoint);
        Assert.Null(await reader.ValueAsync(_key));
        await using EtcdClient watcher = Client(proxy.Endpoint, etcd.Server.Endpoint);
        await foreach (WatchResponse response in watcher.WatchAsync(Watch(_key), Cancel))
        {
            Assert.True(response.Created);
            break;
        }

        Assert.Equal(3, proxy.Connections);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(400)]
    [InlineData(404)]
    public async Task A_server_of_something_else_is_one_line_and_not_asked_again(int status)
    {
        using LoopbackServer web = CannedHttp2.Start(status, "text/html", s_page);
        await using EtcdClient client = Client(web.Endpoint, etcd.Server.Endpoint);
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));
        Assert.Equal(
            $"etcd http://{web.Endpoint.Authority}: read of {_key}: answers HTTP {status} with text/html instead of "
            + "gRPC: is this a client port of etcd v3?",
            failure.Message);
        Assert.Equal(EtcdFailure.Invalid, failure.Failure);
    }

    [Theory]
    [InlineData(new byte[0], "Interrupted", "status")]
    [InlineData(new byte[] { 0, 0, 0 }, "Interrupted", "the connection was lost: ")]
    [InlineData(new byte[] { 0, 0, 0, 0, 9, 1 }, "Interrupted", "the connection was lost: ")]
    [InlineData(new byte[] { 1, 0, 0, 0, 0 }, "Interrupted", "compressed")]
    [InlineData(new byte[] { 0, 0, 0, 0, 2, 0xFF, 0xFF }, "Interrupted", "is not what etcd v3 sends")]
    [InlineData(new byte[] { 0, 1, 0, 0, 1 }, "TooLong", "more than the 16777216 bytes that are taken")]
    public async Task An_answer_that_is_no_message_and_a_status_is_no_success(
        byte[] body, string expected, string part)
    {
        using LoopbackServer odd = CannedHttp2.Start(200, "application/grpc", body);
        await using EtcdClient client = Client(odd.Endpoint);
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));
        Assert.Equal(expected, $"{failure.Failure}");
        Assert.StartsWith(
            $"etcd http://{odd.Endpoint.Authority}: read of {_key}: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(part, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Theory]
    [InlineData("a web server of HTTP/1.1")]
    [InlineData("one that says something else")]
    [InlineData("one that closes after the first words")]
    [InlineData("one that closes at once")]
    [InlineData("one that resets at once")]
    public async Task What_does_not_speak_HTTP_2_is_distinguished_from_an_etcd_that_is_away(string kind)
    {
        using LoopbackServer stranger = kind switch
        {
            "a web server of HTTP/1.1" => DeadEnds.Http11(),
            "one that says something else" => DeadEnds.Answering("220 smtp.example ESMTP\r\n"),
            "one that closes after the first words" => DeadEnds.Answering(string.Empty),
            _ => DeadEnds.Closing(isReset: kind == "one that resets at once"),
        };
        await using EtcdClient client = Client(stranger.Endpoint);
        string[] lines = new string[Attempts];
        for (int i = 0; i < Attempts; i++)
        {
            EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));
            Assert.True(failure.IsNotReady, failure.Message);
            lines[i] = failure.Message;
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', lines.Distinct()));
        Assert.All(lines, line =>
        {
            Assert.StartsWith(
                $"etcd http://{stranger.Endpoint.Authority}: read of {_key}: ", line, StringComparison.Ordinal);
            Assert.EndsWith(". Is http right, and this a client port of etcd v3?", line, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', line);
        });
    }

    [Fact]
    public async Task One_that_takes_a_call_and_stays_silent_is_found_by_its_deadline()
    {
        using LoopbackServer silent = DeadEnds.Silent();
        await using var client = new EtcdClient(Options(silent.Endpoint) with { RequestTimeout = s_medium });
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));
        Assert.Equal(
            $"etcd http://{silent.Endpoint.Authority}: read of {_key}: no answer within 2 s. "
            + "Is http right, and this a client port of etcd v3?",
            failure.Message);
        Assert.True(failure.IsNotReady);
    }

    [Fact]
    public async Task One_that_stays_silent_where_TLS_is_wanted_is_found_by_the_connect_timeout()
    {
        using LoopbackServer silent = DeadEnds.Silent("https");
        await using var client = new EtcdClient(
            Options(silent.Endpoint) with { ConnectTimeout = s_medium, RequestTimeout = s_long });
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));
        Assert.Equal(
            $"etcd https://{silent.Endpoint.Authority}: read of {_key}: no connection in time. "
            + "Is https right, and this a client port of etcd v3?",
            failure.Message);
        Assert.Equal(EtcdFailure.NotSent, failure.Failure);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_closes_where_TLS_is_wanted_is_asked_whether_https_is_right(bool isReset)
    {
        using LoopbackServer closing = DeadEnds.Closing(isReset, "https");
        await using EtcdClient client = Client(closing.Endpoint);
        for (int i = 0; i < Attempts; i++)
        {
            EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));
            Assert.True(failure.IsNotReady, failure.Message);
            Assert.Contains(". Is https right", failure.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', failure.Message);
        }
    }

    private static EtcdClient Client(params Uri[] endpoints) =>
        new(Options(endpoints) with { RequestTimeout = s_long, ConnectTimeout = s_long });
}
