using Overlay.Lease.Judging;

namespace Overlay.Lease.Etcd.Store;

/// <summary>Why our lease is not ours any longer, or may not be: one line for a person.</summary>
internal static class OwnLeaseTrouble
{
    /// <param name="own">What we hold.</param>
    /// <param name="verdict">On the key.</param>
    /// <param name="found">The key; null when there is none.</param>
    /// <param name="rival">Another lease that counts and overlaps ours; null when there is none.</param>
    /// <param name="keys">For the names of keys.</param>
    /// <returns>Null when there is no trouble; that a key is gone is none, it is made again.</returns>
    internal static string? Describe(
        OwnLease own, OwnVerdict verdict, EtcdLease? found, StoredLease? rival, EtcdKeys keys)
    {
        string lease = $"the lease {own.Subnet} of {own.PublicIp}";
        string key = keys.Of(own.Name);
        string? trouble = verdict switch
        {
            OwnVerdict.Taken =>
                $"{lease} is now held by {Holder(found)} ({key}); look for two hosts with one subnet.env",
            OwnVerdict.Duplicate => $"{lease} is written by another process with this public address ({key}); "
                + "if two hosts have it, give each its own with --public-ip",
            OwnVerdict.Unreadable => $"{lease} cannot be read by peers ({key}): {found?.Defect}",
            _ => null,
        };
        return trouble ?? (rival is null
            ? null
            : $"{lease} overlaps {rival.Lease?.Subnet} held by {Holder(rival)} ({keys.Of(rival.Name)}), which was "
            + "made first; "
                + "remove the key that is wrong");
    }

    private static string Holder(StoredLease? stored) => (stored?.Lease?.PublicIp ?? default).ToString();
}
