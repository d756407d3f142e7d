using System;
using System.Text;
using Overlay.Linux.Interop;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>The TUN driver's control calls (linux/if_tun.h; Documentation/networking/tuntap.rst).</summary>
public static unsafe class TunControl
{
    /// <summary>The longest interface name in bytes: IFNAMSIZ less the terminating NUL.</summary>
    private const int MaximumNameBytes = Native.IFNAMSIZ - 1;

    private const string DeviceNode = "/dev/net/tun";

    // A device that somebody made persistent would be attached to with whatever settings it has, and stay.
    private const int Exclusive = Native.IFF_TUN_EXCL;

    /// <summary>
    /// Creates a TUN interface (layer 3, no packet information header) that lives as long as a descriptor of it.
    /// </summary>
    /// <param name="name">1 to 15 bytes without <c>%</c>: the interface gets exactly this name.</param>
    /// <param name="virtioNetHeader">Whether a <see cref="VirtioNetHeader"/> stands before each packet
    /// (IFF_VNET_HDR).</param>
    /// <param name="multiQueue">Whether <see cref="AddQueue"/> may follow (IFF_MULTI_QUEUE).</param>
    /// <exception cref="LinuxException">
    /// The device node is missing (ENOENT, ENODEV), the capability is (EPERM), or the name is in use (EBUSY, EINVAL).
    /// </exception>
    public static SafeFd CreateInterface(string name, bool virtioNetHeader = false, bool multiQueue = false)
    {
        int nameBytes = Encoding.UTF8.GetByteCount(name);
        if (nameBytes is 0 or > MaximumNameBytes)
        {
            throw new ArgumentException(
                $"interface name '{name}' has {nameBytes} bytes; 1 to {MaximumNameBytes} are allowed", nameof(name));
        }

        if (name.Contains('%', StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"interface name '{name}' is a pattern, which the kernel would fill in", nameof(name));
        }

        return Open(name, Flags(virtioNetHeader, multiQueue) | Exclusive, out _);
    }

    /// <summary>As <see cref="CreateInterface"/>, with the first free name of <c>tun0</c>, <c>tun1</c> …</summary>
    /// <param name="stem">What comes before the number, 1 to 13 bytes without <c>%</c>.</param>
    /// <param name="name">The name that the kernel has chosen.</param>
    /// <param name="virtioNetHeader">As above.</param>
    /// <param name="multiQueue">As above.</param>
    /// <exception cref="LinuxException">As above, but no name is in use (ENFILE when all numbers are).</exception>
    public static SafeFd CreateNumberedInterface(
        string stem, out string name, bool virtioNetHeader = false, bool multiQueue = false)
    {
        string pattern = $"{stem}%d";
        if (stem.Contains('%', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(pattern) > MaximumNameBytes)
        {
            throw new ArgumentException($"'{stem}' cannot be numbered", nameof(stem));
        }

        return Open(pattern, Flags(virtioNetHeader, multiQueue) | Exclusive, out name);
    }

    /// <summary>Opens one more queue of an interface that <see cref="CreateInterface"/> made with several.</summary>
    /// <param name="name">The interface's name.</param>
    /// <param name="virtioNetHeader">As it was created: all queues are alike.</param>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static SafeFd AddQueue(string name, bool virtioNetHeader) =>
        Open(name, Flags(virtioNetHeader, multiQueue: true), out _);

    /// <summary>What a queue that somebody else has opened belongs to.</summary>
    /// <param name="queue">Any descriptor.</param>
    /// <param name="name">The interface's name now.</param>
    /// <param name="virtioNetHeader">Whether a <see cref="VirtioNetHeader"/> stands before each packet.</param>
    /// <param name="multiQueue">Whether there may be other queues.</param>
    /// <returns>False when it is no TUN queue, or its interface is gone.</returns>
    public static bool TryIdentify(
        SafeFd queue, out string name, out bool virtioNetHeader, out bool multiQueue)
    {
        var answer = default(ifreq);
        using SafeFd.Held held = queue.Hold();

        // Safe because TUNGETIFF writes exactly one struct ifreq, and this is one.
        bool isTun = LibC.ioctl(held.Number, unchecked((int)Native.TUNGETIFF), &answer) == 0
            && (answer.ifr_flags & (Native.IFF_TUN | Native.IFF_NO_PI)) == (Native.IFF_TUN | Native.IFF_NO_PI);
        name = isTun ? NameIn(answer) : "";
        virtioNetHeader = (answer.ifr_flags & Native.IFF_VNET_HDR) != 0;
        multiQueue = (answer.ifr_flags & Native.IFF_MULTI_QUEUE) != 0;
        return isTun;
    }

    /// <summary>Tells the kernel what the reader of an interface can do by itself. It holds for all queues.</summary>
    /// <param name="queue">Any queue, opened with a virtio-net header.</param>
    /// <param name="offloads">All that is wanted; nothing else stays on.</param>
    /// <returns>0, or the errno: EINVAL when the kernel does not know one of them.</returns>
    public static SyscallResult SetOffloads(SafeFd queue, TunOffloads offloads)
    {
        using SafeFd.Held held = queue.Hold();

        // Safe because TUNSETOFFLOAD takes its argument by value.
        return LibC.ioctl(held.Number, Native.TUNSETOFFLOAD, (void*)(nuint)(uint)offloads) < 0
            ? SyscallResult.FromErrno(DescriptorIo.LastErrno())
            : SyscallResult.FromCount(0);
    }

    private static ushort Flags(bool virtioNetHeader, bool multiQueue) => (ushort)(Native.IFF_TUN | Native.IFF_NO_PI
        | (virtioNetHeader ? Native.IFF_VNET_HDR : 0) | (multiQueue ? Native.IFF_MULTI_QUEUE : 0));

    private static SafeFd Open(string wanted, int flags, out string name)
    {
        SafeFd fd = DescriptorIo.OpenDevice(DeviceNode, OpenAdvice);
        try
        {
            name = Attach(fd, wanted, (ushort)flags);
            return fd;
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    private static string Attach(SafeFd fd, string name, ushort flags)
    {
        var request = default(ifreq); // zeroed: the name is NUL-terminated whatever its length
        Encoding.UTF8.GetBytes(name, request.ifr_name);
        request.ifr_flags = flags;

        using SafeFd.Held held = fd.Hold();

        // Safe because TUNSETIFF reads and writes exactly one struct ifreq, and this is one.
        if (LibC.ioctl(held.Number, Native.TUNSETIFF, &request) < 0)
        {
            Errno errno = DescriptorIo.LastErrno();
            string shown = name.Replace("%d", "0", StringComparison.Ordinal);
            throw new LinuxException(
                "TUNSETIFF", errno, $"could not create TUN interface {shown}", AttachAdvice(errno, shown));
        }

        int headerBytes = VirtioNetHeader.Bytes;

        // Safe because TUNSETVNETHDRSZ reads exactly one int.
        if ((flags & Native.IFF_VNET_HDR) != 0 && LibC.ioctl(held.Number, Native.TUNSETVNETHDRSZ, &headerBytes) < 0)
        {
            throw new LinuxException(
                "TUNSETVNETHDRSZ", DescriptorIo.LastErrno(), $"could not set up TUN interface {name}");
        }

        return NameIn(request);
    }

    // The kernel writes the name with its NUL (drivers/net/tun.c, tun_set_iff, tun_get_iff).
    private static string NameIn(in ifreq answer)
    {
        ReadOnlySpan<byte> given = answer.ifr_name;
        return Encoding.UTF8.GetString(given[..given.IndexOf((byte)0)]);
    }

    private static string? OpenAdvice(Errno errno) => errno switch
    {
        Errno.ENOENT or Errno.ENODEV or Errno.ENXIO =>
            "load the driver (modprobe tun); in a container pass the device in (--device /dev/net/tun, or hostPath of "
                + "type CharDevice); a unit with PrivateDevices=yes has none",
        Errno.EACCES or Errno.EPERM => "run as root; in a container allow the device "
            + "(hostPath /dev/net/tun of type CharDevice) and give it NET_ADMIN; in a unit PrivateDevices=no, or "
            + "DeviceAllow=/dev/net/tun rw",
        _ => null,
    };

    private static string? AttachAdvice(Errno errno, string name) => errno switch
    {
        Errno.EPERM => "run as root, or grant CAP_NET_ADMIN",
        Errno.ENOTTY => $"{DeviceNode} is not the TUN device; remove it and make it anew: mknod {DeviceNode} c 10 200",
        Errno.EBUSY => $"it exists; look at: ip -d link show {name}; if it is a TUN, another process holds it (find it "
            + $"with: fuser -v {DeviceNode}), or it was made to stay (remove it with: ip link del {name})",
        Errno.EINVAL or Errno.EEXIST =>
            $"an interface of that name and another kind exists; look at: ip -d link show {name}",
        _ => null,
    };
}
