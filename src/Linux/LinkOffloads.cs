using System.Text;
using Overlay.Linux.Interop;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>What an interface does to packets by itself (ethtool(8); linux/ethtool.h).</summary>
public static unsafe class LinkOffloads
{
    /// <summary>Whether what arrives is merged into superpackets (GRO).</summary>
    /// <param name="name">The interface, in the calling thread's network namespace.</param>
    /// <param name="isOn">As it shall be.</param>
    /// <exception cref="LinuxException">EOPNOTSUPP: its driver has no such switch. ENODEV. EPERM.</exception>
    public static void SetMerging(string name, bool isOn) => Set(name, Native.ETHTOOL_SGRO, isOn);

    /// <summary>Whether TCP superpackets are given to its driver whole (TSO).</summary>
    /// <inheritdoc cref="SetMerging"/>
    public static void SetTcpSegmentation(string name, bool isOn) => Set(name, Native.ETHTOOL_STSO, isOn);

    private static void Set(string name, uint command, bool isOn)
    {
        using SafeFd socket = SocketOptions.Create(
            LibC.AF_INET, LibC.SOCK_DGRAM, LibC.IPPROTO_UDP, "could not open a socket", null);
        var value = new ethtool_value { cmd = command, data = isOn ? 1u : 0 };
        var request = default(ifreq);
        Encoding.UTF8.GetBytes(name, request.ifr_name);
        request.ifr_data = (nint)(&value);
        using SafeFd.Held held = socket.Hold();

        // Safe because SIOCETHTOOL reads one struct ifreq, and of these commands one struct ethtool_value behind it.
        if (LibC.ioctl(held.Number, Native.SIOCETHTOOL, &request) < 0)
        {
            throw new LinuxException(
                "SIOCETHTOOL", DescriptorIo.LastErrno(), $"could not change the offloads of interface {name}");
        }
    }
}
