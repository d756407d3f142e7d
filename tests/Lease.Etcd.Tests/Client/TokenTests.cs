using System;
using System.IO;
using System.Threading.Tasks;
using Etcdserverpb;
using Grpc.Core;
using Overlay.Lease.Etcd.Client;
using Xunit;
using static Overlay.Lease.Etcd.Tests.Requests;

namespace Overlay.Lease.Etcd.Tests.Client;

/// <summary>
/// A refusal may be about the token, in words that are not known here: it counts when a fresh token is refused as well.
/// </summary>
public sealed class TokenTests
{
    public static TheoryData<StatusCode, string> Refusals => new()
    {
        { StatusCode.Unknown, "auth: revision in header is old" }, // etcd 3.3
        { StatusCode.InvalidArgument, "etcdserver: revision of auth store is old" }, // etcd 3.4
        { StatusCode.Unauthenticated, "etcdserver: invalid auth token" },
        { StatusCode.Unknown, "auth: invalid auth token" },
        { StatusCode.PermissionDenied, "etcdserver: permission denied" },
        { StatusCode.InvalidArgument, "Token is expired" },
        { StatusCode.PermissionDenied, "token is expired" },
        { StatusCode.Unknown, "signature is invalid" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_read_that_is_refused_with_an_old_token_is_done_with_a_new_one(StatusCode code, string words)
    {
        using var etcd = new ScriptedEtcd(token => token == 1 ? new Refused(code, words) : null);
        await using EtcdClient client = Client(etcd);
        Assert.Null(await client.ValueAsync("key"));
        Assert.Equal(["Range 1", "Range 2"], etcd.Calls);
        Assert.Null(await client.ValueAsync("key"));
        Assert.Equal(2, etcd.LogIns);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_watch_that_is_refused_with_an_old_token_is_opened_with_a_new_one(StatusCode code, string words)
    {
        using var etcd = new ScriptedEtcd(token => token == 1 ? new Refused(code, words) : null);
        await using EtcdClient client = Client(etcd);
        await WatchAsync(client);
        Assert.Equal(["Watch 1", "Watch 2"], etcd.Calls);
        await WatchAsync(client);
        Assert.Equal(2, etcd.LogIns);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_write_is_repeated_only_when_it_was_surely_not_done(StatusCode code, string words)
    {
        using var etcd = new ScriptedEtcd(token => token == 1 ? new Refused(code, words) : null);
        await using EtcdClient client = Client(etcd);
        if (code == StatusCode.Unknown && !words.StartsWith("auth: ", StringComparison.Ordinal))
        {
            // It may have been, so it is the caller's to find out; with a new token.
            EtcdException failure = await Assert.ThrowsAsync<EtcdException>(
                () => client.PutAsync(Write("key", "v"), Cancel));
            Assert.Equal(EtcdFailure.Interrupted, failure.Failure);
            Assert.Equal(["Put 1"], etcd.Calls);
        }

        await client.PutAsync(Write("key", "v"), Cancel);
        Assert.Equal(["Put 1", "Put 2"], etcd.Calls);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_refusal_that_stays_counts_after_one_log_in(StatusCode code, string words)
    {
        using var etcd = new ScriptedEtcd(_ => new Refused(code, words));
        await using EtcdClient client = Client(etcd);
        await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync("key"));
        Assert.Equal(["Range 1", "Range 2"], etcd.Calls);
        Assert.Equal(2, etcd.LogIns);
    }

    [Fact]
    public async Task A_missing_permission_is_told_as_one_and_does_not_cost_a_log_in_each_time()
    {
        using var etcd = new ScriptedEtcd(
            _ => new Refused(StatusCode.PermissionDenied, "etcdserver: permission denied"));
        await using EtcdClient client = Client(etcd);
        for (int i = 0; i < 5; i++)
        {
            EtcdException read = await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync("key"));
            EtcdException watch = await Assert.ThrowsAsync<EtcdException>(() => WatchAsync(client));
            Assert.EndsWith(
                "read of key: permission denied: no role of user \"reader\" allows it",
                read.Message,
                StringComparison.Ordinal);
            Assert.EndsWith(
                "permission denied: no role of user \"reader\" allows it", watch.Message, StringComparison.Ordinal);
            Assert.True(read.IsRefused && watch.IsRefused);
            Assert.Equal(2, etcd.LogIns);
        }
    }

    [Fact]
    public async Task A_refusal_that_a_log_in_did_not_mend_is_worth_another_after_a_while()
    {
        int refusedUpTo = int.MaxValue;
        using var etcd = new ScriptedEtcd(
            token => token <= refusedUpTo ? new Refused(StatusCode.PermissionDenied, "who are you?") : null);
        await using EtcdClient client = Client(etcd, TimeSpan.Zero);
        await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync("key"));
        Assert.Equal(2, etcd.LogIns);
        refusedUpTo = 2;
        Assert.Null(await client.ValueAsync("key"));
        Assert.Equal(3, etcd.LogIns);
    }

    [Fact]
    public async Task A_token_that_etcd_no_longer_knows_is_asked_for_again_however_young_it_is()
    {
        int valid = 0;
        using var etcd = new ScriptedEtcd(
            token => token == valid ? null : new Refused(StatusCode.Unauthenticated, "etcdserver: invalid auth token"));
        await using EtcdClient client = Client(etcd);
        await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync("key"));
        valid = 3;
        Assert.Null(await client.ValueAsync("key"));
        valid = 4;
        Assert.Null(await client.ValueAsync("key"));
        Assert.Equal(4, etcd.LogIns);
    }

    [Fact]
    public async Task A_token_file_that_holds_another_token_is_one_more_try()
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "token-1\n", Cancel);
            bool isChanged = false;
            using var etcd = new ScriptedEtcd(token =>
            {
                if (isChanged && token == 1)
                {
                    File.WriteAllText(file, "token-2\n"); // while the call is under way
                }

                return token == 2 ? null : new Refused(StatusCode.Unknown, "auth: revision in header is old");
            });
            await using var client = new EtcdClient(Options(etcd.Endpoint) with { TokenFile = file });
            EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync("key"));
            Assert.True(failure.IsRefused, failure.Message);
            Assert.Equal(["Range 1"], etcd.Calls);

            isChanged = true;
            Assert.Null(await client.ValueAsync("key"));
            Assert.Equal(["Range 1", "Range 1", "Range 2"], etcd.Calls);
            Assert.Equal(0, etcd.LogIns);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Without_a_user_a_refusal_is_one()
    {
        using var etcd = new ScriptedEtcd(
            _ => new Refused(StatusCode.InvalidArgument, "etcdserver: user name is empty"));
        await using var client = new EtcdClient(Options(etcd.Endpoint));
        await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync("key"));
        Assert.Equal(["Range 0"], etcd.Calls);
    }

    private static EtcdClient Client(ScriptedEtcd etcd, TimeSpan? logInInterval = null)
    {
        EtcdOptions options = Options(etcd.Endpoint) with { Username = "reader", Password = "secret" };
        return new(logInInterval is { } interval ? options with { LogInInterval = interval } : options);
    }

    private static async Task WatchAsync(EtcdClient client)
    {
        await foreach (WatchResponse response in client.WatchAsync(Watch("key"), Cancel))
        {
            Assert.True(response.Created && !response.Canceled);
            break;
        }
    }
}
