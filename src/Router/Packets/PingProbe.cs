using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Overlay.Router.Packets;

/// <summary>
/// The datagram of <c>overlay ping</c>: it asks a peer's daemon whether it is there, and which version it is.
/// </summary>
/// <remarks>
/// Shorter than an IPv4 header, so stock flannel drops it before its TUN and does not answer (flannel
/// pkg/backend/udp/proxy_amd64.c, udp_to_tun). The answer is no longer than the question, so nobody gains by forging
/// the source of one. It goes to the port that the question names: what a batch of datagrams is received with has the
/// sender's address alone.
/// <code>
///  0        4      5         6       8                16                   19
///  | "OvPg" | kind | form    | port  | nonce          | major minor patch  |
/// </code>
/// </remarks>
public static class PingProbe
{
    /// <summary>The whole datagram: one byte less than an IPv4 header.</summary>
    public const int Bytes = Ipv4Header.MinimumBytes - 1;

    private const int KindOffset = 4;
    private const int FormOffset = 5;
    private const int PortOffset = 6;
    private const int NonceOffset = 8;
    private const int ReleaseOffset = 16;
    private const byte Form = 1;
    private const byte Question = 1;
    private const byte Answer = 2;

    private static ReadOnlySpan<byte> Magic => "OvPg"u8;

    /// <summary>Writes a question.</summary>
    /// <param name="datagram">Takes <see cref="Bytes"/> bytes.</param>
    /// <param name="port">Where the answer goes, at the address that the question comes from.</param>
    /// <param name="nonce">What the answer bears as well.</param>
    public static void WriteQuestion(Span<byte> datagram, ushort port, ulong nonce)
    {
        datagram = datagram[..Bytes];
        datagram.Clear();
        Magic.CopyTo(datagram);
        datagram[KindOffset] = Question;
        datagram[FormOffset] = Form;
        BinaryPrimitives.WriteUInt16BigEndian(datagram[PortOffset..], port);
        MemoryMarshal.Write(datagram[NonceOffset..], nonce);
    }

    /// <summary>Reads a question.</summary>
    /// <param name="datagram">Of any length.</param>
    /// <param name="port">Where the answer goes, 1 to 65535.</param>
    /// <returns>False when it is something else.</returns>
    public static bool TryReadQuestion(ReadOnlySpan<byte> datagram, out ushort port)
    {
        bool isQuestion = Is(Question, datagram);
        port = isQuestion ? BinaryPrimitives.ReadUInt16BigEndian(datagram[PortOffset..]) : (ushort)0;
        return isQuestion && port != 0;
    }

    /// <summary>Makes the answer of a question.</summary>
    /// <param name="question">As it was received.</param>
    /// <param name="answer">Takes <see cref="Bytes"/> bytes.</param>
    /// <param name="release">Of the program that answers: three numbers of one byte each.</param>
    public static void WriteAnswer(ReadOnlySpan<byte> question, Span<byte> answer, Version release)
    {
        question[..Bytes].CopyTo(answer);
        answer[KindOffset] = Answer;
        answer[ReleaseOffset] = (byte)release.Major;
        answer[ReleaseOffset + 1] = (byte)release.Minor;
        answer[ReleaseOffset + 2] = (byte)Math.Max(0, release.Build);
    }

    /// <summary>Reads an answer.</summary>
    /// <param name="datagram">Of any length.</param>
    /// <param name="nonce">Of the question.</param>
    /// <returns>The release of the program that has answered; null when it is something else.</returns>
    public static Version? ReadAnswer(ReadOnlySpan<byte> datagram, ulong nonce) =>
        Is(Answer, datagram) && MemoryMarshal.Read<ulong>(datagram[NonceOffset..]) == nonce
            ? new Version(
                datagram[ReleaseOffset], datagram[ReleaseOffset + 1], datagram[ReleaseOffset + 2])
            : null;

    private static bool Is(byte kind, ReadOnlySpan<byte> datagram) =>
        datagram.Length == Bytes && datagram.StartsWith(Magic)
        && datagram[KindOffset] == kind && datagram[FormOffset] == Form;
}
