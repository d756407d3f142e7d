using System.Collections.Generic;
using System.Linq;
using Overlay.Linux.Interop;

namespace Overlay.Linux.Netlink;

/// <summary>What the kernel encrypts and demands encrypted (linux/xfrm.h).</summary>
public static class IpsecPolicies
{
    private const int RequestBytes = 128;

    /// <summary>How many policies of the calling thread's network namespace are for packets in or out.</summary>
    /// <remarks>Policies of single sockets, such as key exchange daemons have, are not counted. A kernel without IPsec
    /// has none.</remarks>
    /// <exception cref="LinuxException">The kernel refused for another reason: it needs CAP_NET_ADMIN.</exception>
    public static int Count()
    {
        try
        {
            using var socket = NetlinkSocket.Open(Native.NETLINK_XFRM);
            var request = new NetlinkMessageWriter(
                stackalloc byte[RequestBytes], Native.XFRM_MSG_GETPOLICY, Native.NLM_F_DUMP);
            request.WriteStruct(default(xfrm_userpolicy_id));
            NetlinkAnswer answer = socket.Dump(request.Finish(), Parse, out List<Policy> found);
            return answer.Errno == Errno.None
                ? found.Count(policy => policy.Direction is Native.XFRM_POLICY_IN or Native.XFRM_POLICY_OUT)
                : throw NetlinkRefusal.Of("XFRM_MSG_GETPOLICY", answer, "could not list the policies of IPsec");
        }
        catch (LinuxException problem) when (problem.Errno == Errno.EPROTONOSUPPORT)
        {
            return 0;
        }
    }

    private static Policy? Parse(NetlinkMessage message) =>
        message.Header.nlmsg_type == Native.XFRM_MSG_NEWPOLICY
            ? new Policy(message.Read<xfrm_userpolicy_info>(out _).dir) : null;

    private sealed record Policy(byte Direction);
}
