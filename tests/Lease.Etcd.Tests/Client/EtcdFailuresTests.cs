using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Sockets;
using Grpc.Core;
using Overlay.Lease.Etcd.Client;
using Xunit;
using static Overlay.Lease.Etcd.Tests.Requests;

namespace Overlay.Lease.Etcd.Tests.Client;

public sealed class EtcdFailuresTests : IDisposable
{
    private static readonly Uri s_endpoint = new("http://10.0.0.1:2379");
    private static readonly EtcdCall s_call = EtcdCall.Of(Read("/k"));

    private readonly EtcdConnection _connection = new(s_endpoint, Options(s_endpoint));

    // Codes and texts of etcd 3.4 to 3.6 (api/v3rpc/rpctypes/error.go).
    [Theory]
    [InlineData(14, "etcdserver: no leader", "NotSent")]
    [InlineData(14, "etcdserver: leader changed", "Interrupted")]
    [InlineData(14, "etcdserver: request timed out", "Interrupted")]
    [InlineData(14, "etcdserver: server stopped", "Interrupted")]
    [InlineData(9, "etcdserver: not leader", "Interrupted")]
    [InlineData(8, "etcdserver: too many requests", "NotSent")]
    [InlineData(8, "etcdserver: mvcc: database space exceeded", "Interrupted")]
    [InlineData(4, "context deadline exceeded", "Interrupted")]
    [InlineData(1, "etcdserver: watch canceled", "Interrupted")]
    [InlineData(16, "etcdserver: invalid auth token", "Refused")]
    [InlineData(3, "etcdserver: authentication failed, invalid user ID or password", "Refused")]
    [InlineData(3, "etcdserver: user name is empty", "Refused")]
    [InlineData(3, "etcdserver: revision of auth store is old", "Refused")]
    [InlineData(7, "etcdserver: permission denied", "Refused")]
    [InlineData(11, "etcdserver: mvcc: required revision has been compacted", "Compacted")]
    [InlineData(11, "etcdserver: mvcc: required revision is a future revision", "Invalid")]
    [InlineData(5, "etcdserver: requested lease not found", "Invalid")]
    [InlineData(3, "etcdserver: key is not provided", "Invalid")]
    public void What_etcd_says_means_one_thing_to_a_caller(int code, string text, string failure)
    {
        EtcdException exception = EtcdFailures.Of((StatusCode)code, text, s_endpoint, s_call);
        Assert.Equal(failure, $"{exception.Failure}");
        Assert.Equal(failure is "NotSent" or "Interrupted", exception.IsNotReady);
        Assert.Equal(failure == "Refused", exception.IsRefused);
        Assert.Equal(text.Contains("space", StringComparison.Ordinal), exception.IsFull);
        Assert.Equal(text.Contains("too many", StringComparison.Ordinal), exception.IsTooManyRequests);
        Assert.Equal(
            $"etcd http://10.0.0.1:2379: read of /k: {text.Replace("etcdserver: ", string.Empty)}", exception.Message);
    }

    [Fact]
    public void What_was_never_connected_was_not_sent_and_what_was_cut_off_may_have_been_done()
    {
        var noName = new HttpRequestException(
            HttpRequestError.NameResolutionError, "no name", new SocketException((int)SocketError.HostNotFound));
        var cut = new HttpRequestException(
            HttpRequestError.ResponseEnded, "cut", new IOException("Connection reset by peer"));
        Assert.Equal(EtcdFailure.NotSent, EtcdFailures.Of(noName, _connection, s_call, deadline: null).Failure);
        EtcdException interrupted = EtcdFailures.Of(cut, _connection, s_call, deadline: null);
        Assert.Equal((EtcdFailure.Interrupted, "etcd http://10.0.0.1:2379: read of /k: the connection was lost: "
            + "Connection reset by peer"), (interrupted.Failure, interrupted.Message));
    }

    [Theory]
    [InlineData("Connection refused|no answer", "NotSent|Interrupted", "Interrupted")]
    [InlineData("expired|Connection refused", "Untrusted|NotSent", "NotSent")]
    [InlineData("expired|expired", "Untrusted|Untrusted", "Untrusted")]
    public void Several_failures_are_one_that_promises_no_more_than_each_of_them(
        string reasons, string failures, string expected)
    {
        var all = EtcdException.Of([.. reasons.Split('|').Zip(
            failures.Split('|'),
            (reason, failure) => new EtcdException(
                StatusCode.Unavailable, Enum.Parse<EtcdFailure>(failure), s_endpoint, s_call.Text, reason))]);
        Assert.Equal(expected, $"{all.Failure}");
        Assert.All(reasons.Split('|'), reason => Assert.Contains(reason, all.Message, StringComparison.Ordinal));
    }

    public void Dispose() => _connection.Dispose();
}
