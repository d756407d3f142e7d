using System;
using System.Buffers.Binary;

namespace Overlay.Lab.Decoding;

/// <summary>What an observer can say about a UDP checksum.</summary>
public enum UdpChecksumState
{
    /// <summary>Zero: the sender made none (RFC 768).</summary>
    None,

    /// <summary>It fits the datagram.</summary>
    Correct,

    /// <summary>
    /// It holds the sum of the pseudo-header only: captured before the device completed it (CHECKSUM_PARTIAL).
    /// </summary>
    Partial,

    /// <summary>It fits nothing.</summary>
    Wrong,
}

/// <summary>A UDP header (RFC 768).</summary>
/// <param name="SourcePort">The sender's port.</param>
/// <param name="DestinationPort">The receiver's port.</param>
/// <param name="Length">Header and data in bytes.</param>
/// <param name="Checksum">As carried.</param>
/// <param name="ChecksumState">What it is worth.</param>
public sealed record UdpFields(
    ushort SourcePort, ushort DestinationPort, int Length, ushort Checksum, UdpChecksumState ChecksumState)
{
    /// <summary>Length of a header (RFC 768).</summary>
    public const int HeaderBytes = 8;

    private const int DestinationPortOffset = 2, LengthOffset = 4, ChecksumOffset = 6;

    /// <summary>False when the datagram is shorter than a header or than it claims to be.</summary>
    /// <param name="datagram">The IPv4 payload.</param>
    /// <param name="addresses">Source and destination as they stand in the IPv4 header: 8 bytes.</param>
    /// <param name="fields">The header; null after false.</param>
    /// <param name="payload">The data, cut to the length.</param>
    public static bool TryParse(
        ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> addresses, out UdpFields? fields,
        out ReadOnlySpan<byte> payload)
    {
        fields = null;
        payload = default;
        if (datagram.Length < HeaderBytes)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(datagram[LengthOffset..]);
        if (length < HeaderBytes || length > datagram.Length)
        {
            return false;
        }

        ushort checksum = BinaryPrimitives.ReadUInt16BigEndian(datagram[ChecksumOffset..]);
        fields = new UdpFields(
            BinaryPrimitives.ReadUInt16BigEndian(datagram),
            BinaryPrimitives.ReadUInt16BigEndian(datagram[DestinationPortOffset..]),
            length,
            checksum,
            StateOf(checksum, datagram[..length], addresses));
        payload = datagram[HeaderBytes..length];
        return true;
    }

    private static UdpChecksumState StateOf(ushort checksum, ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> addresses)
    {
        if (checksum == 0)
        {
            return UdpChecksumState.None;
        }

        ushort pseudo = OnesComplement.PseudoHeaderSum(addresses, Ipv4Fields.Udp, datagram.Length);
        if (OnesComplement.Sum(datagram, pseudo) == 0xffff)
        {
            return UdpChecksumState.Correct;
        }

        return checksum == pseudo ? UdpChecksumState.Partial : UdpChecksumState.Wrong;
    }
}
