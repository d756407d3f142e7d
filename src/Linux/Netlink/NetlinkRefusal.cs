namespace Overlay.Linux.Netlink;

/// <summary>What rtnetlink refused, in words.</summary>
internal static class NetlinkRefusal
{
    /// <summary>The exception for an answer.</summary>
    /// <param name="call">RTM_*.</param>
    /// <param name="answer">With an errno; the kernel's own explanation is added.</param>
    /// <param name="what">What could not be done.</param>
    internal static LinuxException Of(string call, NetlinkAnswer answer, string what) =>
        new(
            call,
            answer.Errno,
            answer.Explanation is null ? what : $"{what} ({answer.Explanation})",
            answer.Errno switch
            {
                Errno.EPERM => "run as root, or give the process CAP_NET_ADMIN",
                Errno.ENODEV => "the interface is not in this network namespace",
                Errno.ENETDOWN => "bring the interface up first",
                Errno.EAGAIN => "try again",
                Errno.EOPNOTSUPP when call == "RTM_NEWLINK" =>
                    "this kernel has no such interface: load its module (modprobe veth, modprobe vxlan)",
                _ => null,
            });
}
