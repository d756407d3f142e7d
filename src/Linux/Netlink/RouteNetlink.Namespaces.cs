using Overlay.Linux.Interop;

namespace Overlay.Linux.Netlink;

// How a network namespace numbers others (linux/net_namespace.h).
public sealed partial class RouteNetlink
{
    /// <summary>The number by which links of this namespace name another: <see cref="Link.PeerNamespaceId"/>.
    /// </summary>
    /// <returns>Null when this namespace has none for it: no link of it leads there.</returns>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public int? FindNamespaceId(NetworkNamespace other)
    {
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_GETNSID, Native.NLM_F_ACK);
        request.WriteStruct(default(rtgenmsg));
        request.WriteAttribute(Native.NETNSA_FD, (uint)other.DescriptorNumber);
        NetlinkAnswer answer = _socket.Query(request.Finish(), ParseNamespaceId, out NamespaceId? found);
        return answer.Errno == Errno.None
            ? found?.Value
            : throw NetlinkRefusal.Of("RTM_GETNSID", answer, "could not look up the number of a network namespace");
    }

    private static NamespaceId? ParseNamespaceId(NetlinkMessage message)
    {
        if (message.Header.nlmsg_type != Native.RTM_NEWNSID)
        {
            return null;
        }

        _ = message.Read<rtgenmsg>(out NetlinkAttributeReader attributes);
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            // NETNSA_NSID_NOT_ASSIGNED is -1.
            if (attribute.Type == Native.NETNSA_NSID && (int)attribute.AsUInt32() is >= 0 and int number)
            {
                return new NamespaceId(number);
            }
        }

        return null;
    }

    private sealed record NamespaceId(int Value);
}
