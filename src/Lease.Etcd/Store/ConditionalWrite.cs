using Etcdserverpb;
using Google.Protobuf;

namespace Overlay.Lease.Etcd.Store;

/// <summary>
/// The one way in which keys are written: as long as nobody else has written them since they were read.
/// </summary>
internal static class ConditionalWrite
{
    /// <summary>A transaction of one step on one condition.</summary>
    /// <param name="key">What the condition is about.</param>
    /// <param name="seenRevision">The revision that wrote the version seen; 0 for a key that did not exist.</param>
    /// <param name="change">What is done then.</param>
    internal static TxnRequest IfUnchanged(ByteString key, long seenRevision, RequestOp change) => new()
    {
        Compare =
        {
            new Compare
            {
                Key = key,
                Target = Compare.Types.CompareTarget.Mod,
                Result = Compare.Types.CompareResult.Equal,
                ModRevision = seenRevision,
            },
        },
        Success = { change },
    };
}
