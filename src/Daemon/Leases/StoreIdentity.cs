using System;
using System.Linq;

namespace Overlay.Daemon.Leases;

/// <summary>Whether two descriptions, one of them of an earlier start, are of one store.</summary>
internal static class StoreIdentity
{
    private const string EtcdScheme = "etcd:";
    private const string UrlMark = "://";

    /// <summary>
    /// The same words, or the same prefix of an etcd by one endpoint in common: members come and go, and in what order
    /// they are named does not matter.
    /// </summary>
    internal static bool IsSame(string one, string other) =>
        one == other
        || (EtcdOf(one) is { } a && EtcdOf(other) is { } b && a.Prefix == b.Prefix && a.Endpoints.Intersect(b.Endpoints)
            .Any());

    // etcd:http://10.0.0.1:2379,http://10.0.0.2:2379/coreos.com/network, or with a space in place of the first slash of
    // a prefix that has none, which is another one. A prefix has no two slashes in a row.
    private static (string[] Endpoints, string Prefix)? EtcdOf(string description)
    {
        int lastUrl = description.LastIndexOf(UrlMark, StringComparison.Ordinal);
        if (lastUrl < 0 || !description.StartsWith(EtcdScheme, StringComparison.Ordinal))
        {
            return null;
        }

        int end = description.IndexOfAny(['/', ' '], lastUrl + UrlMark.Length);
        return end < 0 ? null : (description[EtcdScheme.Length..end].Split(','), description[end..]);
    }
}
