using System;
using System.Text;
using Overlay.Linux.Interop;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>A table of the older iptables, as far as the kernel tells of it in a single call.</summary>
public static unsafe class IptablesTable
{
    // struct ipt_getinfo: the name, and 13 numbers: hooks, where the chain of each begins and ends, rules, bytes.
    private const int InfoBytes = Native.XT_TABLE_MAXNAMELEN + (13 * sizeof(uint));

    /// <summary>
    /// How many rules the table has, how many bytes they take, and where its own chains begin (IPT_SO_GET_INFO), in the
    /// network namespace of the calling thread. Where it equals an earlier one no rule was added or removed between the
    /// two, unless one of the same length came for each that went.
    /// </summary>
    /// <param name="table">Its name; a table that is not loaded is.</param>
    /// <returns>
    /// Null where that cannot be had: without CAP_NET_ADMIN, the table, or a descriptor that is left.
    /// </returns>
    public static string? ReadShape(string table)
    {
        Span<byte> info = stackalloc byte[InfoBytes];
        info.Clear();
        if (!Encoding.ASCII.TryGetBytes(table, info[..(Native.XT_TABLE_MAXNAMELEN - 1)], out _))
        {
            return null;
        }

        try
        {
            // The kernel takes this call on every socket of the family: one that is not raw needs no CAP_NET_RAW.
            using SafeFd socket = SocketOptions.Create(
                LibC.AF_INET, LibC.SOCK_DGRAM, LibC.IPPROTO_UDP, "could not ask for a table of iptables", null);
            using SafeFd.Held held = socket.Hold();
            socklen_t length = InfoBytes;

            // Safe because the length is that of the buffer, which is on this stack.
            fixed (byte* start = info)
            {
                return LibC.getsockopt(held.Number, LibC.IPPROTO_IP, Native.IPT_SO_GET_INFO, start, &length) == 0
                    ? Convert.ToHexString(info[Native.XT_TABLE_MAXNAMELEN..])
                    : null;
            }
        }
        catch (LinuxException)
        {
            return null;
        }
    }
}
