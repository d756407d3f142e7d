using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease.Etcd.Client;
using Overlay.Testing;
using Xunit;
using static Overlay.Lease.Etcd.Tests.Requests;

namespace Overlay.Lease.Etcd.Tests.Client;

/// <summary>An endpoint's name: what failed on the way to a connection is said of it, or of its addresses.</summary>
public sealed class EtcdDialTests
{
    private const string Name = "etcd.example";

    private readonly string _key = NewKey();

    [Theory]
    [InlineData(SocketError.HostNotFound, "there is no such name")]
    [InlineData(SocketError.NoData, "it has no address")]
    [InlineData(SocketError.TryAgain, "no name server gives an answer")] // "Resource temporarily unavailable"
    [InlineData(SocketError.NoRecovery, "the name server refuses")]
    public async Task A_name_that_cannot_be_resolved_is_named_with_what_failed(SocketError error, string reason)
    {
        EtcdException failure = await FailureAsync((_, _) => throw new SocketException((int)error));
        Assert.Equal(
            $"etcd http://{Name}:2379: read of {_key}: the name {Name} cannot be resolved: {reason}", failure.Message);
        Assert.Equal(EtcdFailure.NotSent, failure.Failure);
    }

    [Fact]
    public async Task A_name_that_nobody_resolves_in_time_is_named()
    {
        EtcdException failure = await FailureAsync(
            async (_, cancellation) =>
            {
                await Task.Delay(Timeout.Infinite, cancellation);
                return [];
            },
            connectTimeout: TimeSpan.FromMilliseconds(100));
        Assert.EndsWith(
            $": the name {Name} cannot be resolved: no name server has answered in time", failure.Message,
            StringComparison.Ordinal);
        Assert.Equal(EtcdFailure.NotSent, failure.Failure);
    }

    [Fact]
    public async Task A_connection_that_is_refused_names_each_address_of_the_name()
    {
        int port = DeadEnds.Refusing().Port;
        EtcdException failure = await FailureAsync(
            (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("127.0.0.2"), IPAddress.Parse("127.0.0.3")]),
            port);
        Assert.Equal(
            $"etcd http://{Name}:{port}: read of {_key}: Connection refused (127.0.0.2), Connection refused "
                + "(127.0.0.3)",
            failure.Message);
        Assert.Equal(EtcdFailure.NotSent, failure.Failure);
    }

    [Fact]
    public async Task A_connection_that_does_not_come_up_in_time_names_the_address()
    {
        using DeadEnds.Full silent = DeadEnds.FillUp();
        EtcdException failure = await FailureAsync(
            (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]), silent.Endpoint.Port,
            TimeSpan.FromMilliseconds(200));
        Assert.EndsWith(": no connection to 127.0.0.1 in time", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_several_addresses_the_first_that_takes_the_connection_is_used()
    {
        using var etcd = EtcdServer.Start();
        await using EtcdClient client = Client(
            (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("127.0.0.2"), IPAddress.Loopback]),
            etcd.Endpoint.Port, TimeSpan.FromSeconds(20));
        Assert.Null(await client.ValueAsync(_key));
    }

    [Fact]
    public async Task A_host_with_its_port_is_an_endpoint()
    {
        using var etcd = EtcdServer.Start();
        string text = $"127.0.0.1:{etcd.Endpoint.Port}";
        Assert.True(EtcdEndpointList.TryParse(
            text, hasTls: false, out IReadOnlyList<Uri>? endpoints, out string? problem), problem);
        await using var client = new EtcdClient(Options(endpoints));
        Assert.Null(await client.ValueAsync(_key));
    }

    private static EtcdClient Client(
        Func<string, CancellationToken, Task<IPAddress[]>> resolve, int port, TimeSpan connectTimeout) =>
        new(Options(new Uri($"http://{Name}:{port}")) with { Resolve = resolve, ConnectTimeout = connectTimeout });

    private async Task<EtcdException> FailureAsync(
        Func<string, CancellationToken, Task<IPAddress[]>> resolve, int port = 2379, TimeSpan? connectTimeout = null)
    {
        await using EtcdClient client = Client(resolve, port, connectTimeout ?? TimeSpan.FromSeconds(20));
        return await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));
    }
}
