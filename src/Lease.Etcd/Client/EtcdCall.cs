using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Google.Protobuf;
using Overlay.Lease.Etcd.Protocol;

namespace Overlay.Lease.Etcd.Client;

/// <summary>Which call it is.</summary>
/// <param name="Path">Service and method.</param>
/// <param name="Text">For messages: what is done to which key.</param>
/// <param name="IsRepeatable">True when doing it twice is the same as doing it once, so that another endpoint may be
/// asked after no answer came.</param>
internal sealed record EtcdCall(string Path, string Text, bool IsRepeatable)
{
    internal const string WatchPath = "/etcdserverpb.Watch/Watch";

    private const int LongestKey = 200;

    // A member without a leader turns the call away at once instead of keeping it until its deadline.
    internal bool RequiresLeader { get; private init; } = true;

    internal static EtcdCall Of(RangeRequest request) =>
        new("/etcdserverpb.KV/Range", $"read of {Keys(request.Key, request.RangeEnd)}", IsRepeatable: true);

    internal static EtcdCall Of(PutRequest request) =>
        new("/etcdserverpb.KV/Put", $"write of {Key(request.Key)}", IsRepeatable: false);

    internal static EtcdCall Of(DeleteRangeRequest request) =>
        new("/etcdserverpb.KV/DeleteRange", $"removal of {Keys(request.Key, request.RangeEnd)}", IsRepeatable: false);

    internal static EtcdCall Of(TxnRequest request)
    {
        // Only a transaction that nothing but reads can follow may be done twice.
        IEnumerable<RequestOp> steps = request.Success.Concat(request.Failure);
        bool isRead = steps.All(step => step.RequestCase == RequestOp.RequestOneofCase.RequestRange);
        IEnumerable<string> keys = request.Compare.Select(
            compare => compare.Key).Concat(steps.Select(KeyOf)).Distinct().Select(Key);
        return new("/etcdserverpb.KV/Txn", $"transaction on {string.Join(", ", keys)}", isRead);
    }

    internal static EtcdCall Of(LeaseGrantRequest request) =>
        new("/etcdserverpb.Lease/LeaseGrant", $"grant of a lease for {request.Ttl} s", IsRepeatable: false);

    internal static EtcdCall Of(LeaseRevokeRequest request) =>
        new("/etcdserverpb.Lease/LeaseRevoke", $"revocation of lease {request.Id:x}", IsRepeatable: false);

    internal static EtcdCall Of(LeaseKeepAliveRequest request) =>
        new("/etcdserverpb.Lease/LeaseKeepAlive", $"keep-alive of lease {request.Id:x}", IsRepeatable: true);

    internal static EtcdCall Of(LeaseTimeToLiveRequest request) =>
        new("/etcdserverpb.Lease/LeaseTimeToLive", $"time to live of lease {request.Id:x}", IsRepeatable: true);

    internal static EtcdCall Of(WatchCreateRequest request) =>
        new(WatchPath, $"watch of {Keys(request.Key, request.RangeEnd)}", IsRepeatable: true);

    internal static EtcdCall Status() =>
        new("/etcdserverpb.Maintenance/Status", "status", IsRepeatable: true) { RequiresLeader = false };

    internal static EtcdCall Authenticate(string username) =>
        new("/etcdserverpb.Auth/Authenticate", $"log-in of user \"{username}\"", IsRepeatable: true);

    private static ByteString KeyOf(RequestOp step) => step.RequestCase switch
    {
        RequestOp.RequestOneofCase.RequestRange => step.RequestRange.Key,
        RequestOp.RequestOneofCase.RequestPut => step.RequestPut.Key,
        RequestOp.RequestOneofCase.RequestDeleteRange => step.RequestDeleteRange.Key,
        _ => ByteString.Empty,
    };

    private static string Keys(ByteString first, ByteString end) => end.IsEmpty ? Key(first) : $"{Key(first)}…";

    // Keys are bytes, and others write them, too: no line breaks or escape sequences from there.
    private static string Key(ByteString key) =>
        OneLine.Mask(Encoding.UTF8.GetString(key.Span[..Math.Min(key.Length, LongestKey)]));
}
