using System;
using System.Buffers.Binary;
using Overlay.Net;

namespace Overlay.Capture.Packets;

/// <summary>An ARP message for IPv4 over Ethernet (RFC 826).</summary>
/// <param name="Bytes">At least <see cref="Length"/>.</param>
public readonly record struct ArpMessage(ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Its length.</summary>
    public const int Length = 28;

    /// <summary>Who has an address?</summary>
    public const ushort Request = 1;

    /// <summary>I have it.</summary>
    public const ushort Reply = 2;

    private const uint EthernetAndIpv4 = 0x0001_0800, LengthsOfBoth = 0x0604;
    private const int OperationOffset = 6, SenderMacOffset = 8, SenderOffset = 14, TargetMacOffset = 18;
    private const int TargetOffset = 24;

    /// <summary>1 is a request, 2 a reply.</summary>
    public ushort Operation => BinaryPrimitives.ReadUInt16BigEndian(Bytes.Span[OperationOffset..]);

    /// <summary>The sender's hardware address.</summary>
    public MacAddress SenderMac => MacAddress.Read(Bytes.Span[SenderMacOffset..]);

    /// <summary>The sender's address.</summary>
    public Ipv4Address Sender => Ipv4Address.Read(Bytes.Span[SenderOffset..]);

    /// <summary>The target's hardware address; zeros in a request.</summary>
    public MacAddress TargetMac => MacAddress.Read(Bytes.Span[TargetMacOffset..]);

    /// <summary>The address that is asked for.</summary>
    public Ipv4Address Target => Ipv4Address.Read(Bytes.Span[TargetOffset..]);

    /// <summary>Whether bytes begin with the numbers of Ethernet and IPv4, as far as they go.</summary>
    internal static bool IsForIpv4(ReadOnlySpan<byte> bytes) => bytes.Length < OperationOffset
        || (BinaryPrimitives.ReadUInt32BigEndian(bytes) == EthernetAndIpv4
            && BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]) == LengthsOfBoth);
}
