using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Overlay.Net;

namespace Overlay.Router.Packets;

/// <summary>What is said in a probe.</summary>
public enum ProbeKind : byte
{
    /// <summary>Does your kernel take datagrams of mine?</summary>
    Request = 1,

    /// <summary>The program at the other side's interface has turned it round: it does.</summary>
    Answer = 2,

    /// <summary>It does no longer.</summary>
    Farewell = 3,
}

/// <summary>
/// The datagram that asks a peer whether its kernel decapsulates: an IPv4 packet that nobody else takes.
/// </summary>
/// <remarks>
/// Its header checksum is wrong on purpose. A peer that decapsulates in user space writes it to its tunnel as any
/// packet (stock), where the kernel drops it in silence (net/ipv4/ip_input.c, ip_rcv_core), or passes it over (ours).
/// Only the program at the ingress of the interface that the datagrams arrive by answers: the answer proves the very
/// way that packets will take. The nonce is random for each peer and start: only who sees our datagrams can answer.
/// </remarks>
public static class PeerProbe
{
    /// <summary>For experiments (RFC 3692).</summary>
    public const int Protocol = 253;

    /// <summary>IPv4 header, magic, kind, version, two unused bytes, nonce.</summary>
    public const int Bytes = Ipv4Header.MinimumBytes + 16;

    /// <summary>Offset in the packet.</summary>
    public const int MagicOffset = Ipv4Header.MinimumBytes;

    /// <summary>Offset in the packet.</summary>
    public const int KindOffset = MagicOffset + 4;

    /// <summary>Offset in the packet.</summary>
    public const int VersionOffset = KindOffset + 1;

    /// <summary>Offset in the packet.</summary>
    public const int NonceOffset = MagicOffset + 8;

    /// <summary>What the programs of both sides must agree in.</summary>
    public const byte Version = 1;

    private static ReadOnlySpan<byte> MagicBytes => "OvKp"u8;

    /// <summary>As it stands in a packet, read as the machine reads.</summary>
    public static uint Magic => MemoryMarshal.Read<uint>(MagicBytes);

    /// <summary>Whether a packet whose checksum is wrong is one.</summary>
    public static bool IsProbe(ReadOnlySpan<byte> packet) =>
        packet.Length == Bytes && packet[9] == Protocol && packet[MagicOffset..].StartsWith(MagicBytes);

    /// <summary>Writes one.</summary>
    /// <param name="packet">Takes <see cref="Bytes"/> bytes.</param>
    /// <param name="kind">What it says.</param>
    /// <param name="own">Whose it is.</param>
    /// <param name="peer">Whom it is for.</param>
    /// <param name="nonce">What the answer bears as well; in the machine's order, which only its writer reads.</param>
    public static void Write(Span<byte> packet, ProbeKind kind, Ipv4Address own, Ipv4Address peer, ulong nonce)
    {
        packet = packet[..Bytes];
        packet.Clear();
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], Bytes);
        packet[8] = 64;
        packet[9] = Protocol;
        own.Write(packet[12..]);
        peer.Write(packet[16..]);
        ushort right = InternetChecksum.Compute(packet[..Ipv4Header.MinimumBytes]);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], (ushort)(right ^ 0x5555));
        MagicBytes.CopyTo(packet[MagicOffset..]);
        packet[KindOffset] = (byte)kind;
        packet[VersionOffset] = Version;
        MemoryMarshal.Write(packet[NonceOffset..], nonce);
    }
}
