using System;
using System.Runtime.InteropServices;
using Overlay.Linux;
using Overlay.Router.Packets;

namespace Overlay.Router.Segmentation;

/// <summary>
/// Completes a transport checksum that the kernel left to the reader (VIRTIO_NET_HDR_F_NEEDS_CSUM).
/// </summary>
internal static class PartialChecksum
{
    /// <summary>Completes a packet that is not a superpacket, in place. A complete one is not changed.</summary>
    /// <remarks>
    /// The protocol does not matter: when a pod has a tunnel of its own, its kernel leaves the innermost checksum open.
    /// The field holds the pseudo-header's sum, so the sum over the field and what follows is the whole one.
    /// </remarks>
    /// <param name="header">What the kernel said about the packet.</param>
    /// <param name="packet">A valid IPv4 packet by its own total length.</param>
    /// <returns>False when the header contradicts the packet, which is then unchanged.</returns>
    public static bool TryComplete(in VirtioNetHeader header, Span<byte> packet)
    {
        if (header.HasReceiveInfo)
        {
            return false;
        }

        if (!header.NeedsChecksum)
        {
            return true;
        }

        int start = header.ChecksumStart;
        int field = start + header.ChecksumOffset;
        if (start < (packet[0] & 0x0F) * 4 || field + sizeof(ushort) > packet.Length)
        {
            return false;
        }

        ushort checksum = (ushort)~InternetChecksum.Fold(InternetChecksum.Add(packet[start..], 0));

        // Zero would mean that there is no checksum (RFC 768). The kernel writes all ones for every protocol, for which
        // it means the same as zero in others (net/core/dev.c, skb_checksum_help). TCP segments that it cuts keep zero.
        if (checksum == 0)
        {
            checksum = 0xFFFF;
        }

        MemoryMarshal.Write(packet[field..], checksum);
        return true;
    }
}
