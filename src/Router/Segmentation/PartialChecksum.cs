using System;
using System.Runtime.InteropServices;
using Overlay.Linux;
using Overlay.Router.Packets;

namespace Overlay.Router.Segmentation;

/// <summary>
/// The transport checksum that the kernel left for the next one to complete (VIRTIO_NET_HDR_F_NEEDS_CSUM).
/// </summary>
internal static class PartialChecksum
{
    /// <summary>Completes a packet that is not to be cut, in place. One that is complete stays as it is.</summary>
    /// <remarks>
    /// Nothing is asked about the protocol: in a tunnel of its own, a pod's kernel leaves the innermost checksum open.
    /// The field holds the pseudo-header's sum, so the sum over it and what follows is the whole one.
    /// </remarks>
    /// <param name="header">Of a packet without segmentation.</param>
    /// <param name="packet">A valid IPv4 packet by its own total length.</param>
    /// <returns>False when the header contradicts the packet, which is then as it was.</returns>
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

        // RFC 768: zero would say that there is no checksum. The kernel writes all ones for every protocol, which
        // elsewhere means the same as zero (net/core/dev.c, skb_checksum_help; a TCP segment that it has cut keeps its
        // zero).
        if (checksum == 0)
        {
            checksum = 0xFFFF;
        }

        MemoryMarshal.Write(packet[field..], checksum);
        return true;
    }
}
