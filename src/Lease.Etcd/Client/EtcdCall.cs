using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace Overlay.Lease.Etcd.Client;

/// <summary>Which call it is, and what goes with it.</summary>
/// <param name="Operation">For counts: the kind of call.</param>
/// <param name="Text">For messages: what is done to which key.</param>
/// <param name="IsRepeatable">True when doing it twice is the same as doing it once, so that another endpoint may be
/// asked after no answer came.</param>
internal sealed record EtcdCall(string Operation, string Text, bool IsRepeatable)
{
    private const int LongestKey = 200;

    /// <summary>Whether it is a watch, whose refusals etcd words differently.</summary>
    internal bool IsWatch { get; private init; }

    // A member without a leader turns the call away at once instead of keeping it until its deadline.
    private bool RequiresLeader { get; init; } = true;

    internal static EtcdCall Of(RangeRequest request) =>
        new("range", $"read of {Keys(request.Key, request.RangeEnd)}", IsRepeatable: true);

    internal static EtcdCall Of(PutRequest request) => new("put", $"write of {Key(request.Key)}", IsRepeatable: false);

    internal static EtcdCall Of(DeleteRangeRequest request) =>
        new("delete_range", $"removal of {Keys(request.Key, request.RangeEnd)}", IsRepeatable: false);

    internal static EtcdCall Of(TxnRequest request)
    {
        // Only a transaction that nothing but reads can follow may be done twice.
        IEnumerable<RequestOp> steps = request.Success.Concat(request.Failure);
        bool isRead = steps.All(step => step.RequestCase == RequestOp.RequestOneofCase.RequestRange);
        IEnumerable<string> keys = request.Compare
            .Select(compare => compare.Key).Concat(steps.Select(KeyOf)).Distinct().Select(Key);
        return new("txn", $"transaction on {string.Join(", ", keys)}", isRead);
    }

    internal static EtcdCall Of(LeaseGrantRequest request) =>
        new("lease_grant", $"grant of a lease for {request.TTL} s", IsRepeatable: false);

    internal static EtcdCall Of(LeaseRevokeRequest request) =>
        new("lease_revoke", $"revocation of lease {request.ID:x}", IsRepeatable: false);

    internal static EtcdCall Of(LeaseKeepAliveRequest request) =>
        new("lease_keep_alive", $"keep-alive of lease {request.ID:x}", IsRepeatable: true);

    internal static EtcdCall Of(LeaseTimeToLiveRequest request) =>
        new("lease_time_to_live", $"time to live of lease {request.ID:x}", IsRepeatable: true);

    internal static EtcdCall Of(WatchCreateRequest request) =>
        new("watch", $"watch of {Keys(request.Key, request.RangeEnd)}", IsRepeatable: true) { IsWatch = true };

    internal static EtcdCall Status() => new("status", "status", IsRepeatable: true) { RequiresLeader = false };

    internal static EtcdCall Authenticate(string username) =>
        new("authenticate", $"log-in of user \"{username}\"", IsRepeatable: true);

    /// <summary>What goes with the request.</summary>
    /// <param name="token">Who we are; null for nobody.</param>
    /// <param name="cancellation">Ends it.</param>
    internal CallOptions Options(string? token, CancellationToken cancellation)
    {
        Metadata headers = [];
        if (RequiresLeader)
        {
            headers.Add("hasleader", "true");
        }

        if (token is not null)
        {
            headers.Add("token", token);
        }

        return new CallOptions(headers, cancellationToken: cancellation);
    }

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
        OneLine.Shorten(Encoding.UTF8.GetString(key.Span[..Math.Min(key.Length, LongestKey)]));
}
