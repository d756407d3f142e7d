using System;
using System.Text;
using Overlay.Linux.Interop;

namespace Overlay.Linux;

/// <summary>The TUN driver's control calls (linux/if_tun.h; Documentation/networking/tuntap.rst).</summary>
public static unsafe class TunControl
{
    /// <summary>The longest interface name in bytes: IFNAMSIZ less the terminating NUL.</summary>
    private const int MaximumNameBytes = Libc.IFNAMSIZ - 1;

    private const string DeviceNode = "/dev/net/tun";

    /// <summary>Creates a TUN interface (layer 3, no packet information header) that lives as long as the returned descriptor.</summary>
    /// <param name="name">1 to 15 bytes without <c>%</c>: the interface gets exactly this name.</param>
    /// <exception cref="LinuxException">
    /// The device node is missing (ENOENT, ENODEV), the capability is (EPERM), or the name is in use (EBUSY, EINVAL).
    /// </exception>
    public static SafeFd CreateInterface(string name)
    {
        int nameBytes = Encoding.UTF8.GetByteCount(name);
        if (nameBytes is 0 or > MaximumNameBytes)
        {
            throw new ArgumentException($"interface name '{name}' has {nameBytes} bytes; 1 to {MaximumNameBytes} are allowed", nameof(name));
        }

        if (name.Contains('%', StringComparison.Ordinal))
        {
            throw new ArgumentException($"interface name '{name}' is a pattern, which the kernel would fill in", nameof(name));
        }

        SafeFd fd = DescriptorIo.OpenDevice(DeviceNode, OpenAdvice);
        try
        {
            Attach(fd, name);
            return fd;
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    private static void Attach(SafeFd fd, string name)
    {
        var request = default(ifreq); // zeroed: the name is NUL-terminated whatever its length
        Encoding.UTF8.GetBytes(name, request.ifr_name);
        // Exclusive: a device that somebody made persistent would be attached to with whatever settings it has, and stay.
        request.ifr_flags = Libc.IFF_TUN | Libc.IFF_NO_PI | Libc.IFF_TUN_EXCL;

        // Safe because TUNSETIFF reads and writes exactly one struct ifreq, and this is one.
        if (Libc.ioctl(fd, Libc.TUNSETIFF, &request) < 0)
        {
            Errno errno = DescriptorIo.LastErrno();
            throw new LinuxException("TUNSETIFF", errno, $"could not create TUN interface {name}", AttachAdvice(errno, name));
        }
    }

    private static string? OpenAdvice(Errno errno) => errno switch
    {
        Errno.ENOENT or Errno.ENODEV or Errno.ENXIO =>
            "load the driver (modprobe tun); in a container pass the device in (--device /dev/net/tun)",
        Errno.EACCES or Errno.EPERM => "run as root, or allow the device in the container",
        _ => null,
    };

    private static string? AttachAdvice(Errno errno, string name) => errno switch
    {
        Errno.EPERM => "run as root, or grant CAP_NET_ADMIN",
        Errno.ENOTTY => $"{DeviceNode} is not the TUN device; remove it and make it anew: mknod {DeviceNode} c 10 200",
        Errno.EBUSY => $"it exists: another process holds it, perhaps another overlay or flanneld (fuser -v {DeviceNode}), "
            + $"or it was made to stay (ip link del {name})",
        Errno.EINVAL or Errno.EEXIST => $"an interface of that name and another kind exists; look at: ip -d link show {name}",
        _ => null,
    };
}
