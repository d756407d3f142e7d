using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Etcdserverpb;
using Google.Protobuf;
using Overlay.Lease.Etcd.Client;
using Xunit;

namespace Overlay.Lease.Etcd.Tests;

/// <summary>Short ways to write what tests are full of.</summary>
internal static class Requests
{
    internal static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A key no other test uses.</summary>
    internal static string NewKey() => $"/test/{Guid.NewGuid():N}";

    internal static ByteString Bytes(string text) => ByteString.CopyFromUtf8(text);

    internal static RangeRequest Read(string key) => new() { Key = Bytes(key) };

    internal static RangeRequest ReadAll(string prefix) => new() { Key = Bytes(prefix), RangeEnd = End(prefix) };

    internal static PutRequest Write(string key, string value, long lease = 0) =>
        new() { Key = Bytes(key), Value = Bytes(value), Lease = lease };

    /// <summary>Writes unless the key exists; reads it then.</summary>
    internal static TxnRequest WriteIfAbsent(string key, string value) => new()
    {
        Compare = { new Compare { Key = Bytes(key), Target = Compare.Types.CompareTarget.Version, Version = 0 } },
        Success = { new RequestOp { RequestPut = Write(key, value) } },
        Failure = { new RequestOp { RequestRange = Read(key) } },
    };

    internal static WatchCreateRequest Watch(string prefix, long from = 0) =>
        new() { Key = Bytes(prefix), RangeEnd = End(prefix), StartRevision = from };

    /// <summary>With waits that no busy machine comes to; a test of a wait has its own.</summary>
    internal static EtcdOptions Options(params IReadOnlyList<Uri> endpoints) => new()
    {
        Endpoints = endpoints,
        ConnectTimeout = TimeSpan.FromSeconds(20),
        RequestTimeout = TimeSpan.FromSeconds(20),
    };

    /// <summary>What a read answers for one key; null when there is none.</summary>
    internal static async Task<string?> ValueAsync(this EtcdClient client, string key)
    {
        RangeResponse response = await client.RangeAsync(Read(key), Cancel);
        return response.Kvs.Count == 0 ? null : response.Kvs[0].Value.ToStringUtf8();
    }

    /// <summary>Tries again while etcd says that this may help.</summary>
    internal static async Task<T> UntilReadyAsync<T>(Func<Task<T>> call, TimeSpan within)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(within);
        while (true)
        {
            try
            {
                return await call();
            }
            catch (EtcdException problem) when (problem.IsNotReady && !deadline.IsCancellationRequested)
            {
                await Task.Delay(10, Cancel);
            }
        }
    }

    private static ByteString End(string prefix)
    {
        byte[] end = Bytes(prefix).ToByteArray();
        end[^1]++;
        return ByteString.CopyFrom(end);
    }
}
