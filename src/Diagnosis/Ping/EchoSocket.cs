using System;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Packets;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Ping;

/// <summary>Asks by ICMP echo (RFC 792), one question at a time, and reads the errors about it, too (raw(7)).</summary>
internal sealed class EchoSocket : IDisposable
{
    /// <summary>Bytes of IPv4 and ICMP header.</summary>
    internal const int HeaderBytes = Ipv4Header.MinimumBytes + IcmpHeaderBytes;

    private const int IcmpHeaderBytes = 8;
    private const int EchoReply = 0;
    private const int EchoRequest = 8;

    private readonly Socket _socket;
    private readonly byte[] _received = new byte[ushort.MaxValue];
    private readonly ushort _identifier = (ushort)Random.Shared.Next(1, ushort.MaxValue);
    private ushort _sequence;

    /// <summary>Opens it.</summary>
    /// <exception cref="OperatorException">The privilege is missing.</exception>
    internal EchoSocket()
    {
        try
        {
            _socket = new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp);
            _socket.ProbePathMtu();
        }
        catch (SocketException problem)
        {
            throw new OperatorException(
                $"a raw ICMP socket cannot be opened: {problem.Message}; run as root, or grant CAP_NET_RAW", problem);
        }
    }

    /// <summary>Asks once, with DF set.</summary>
    /// <param name="destination">Whom.</param>
    /// <param name="totalBytes">Of the IPv4 packet, 28 to 65535.</param>
    /// <param name="within">How long to wait.</param>
    internal EchoAnswer Ask(Ipv4Address destination, int totalBytes, TimeSpan within)
    {
        byte[] request = new byte[totalBytes - Ipv4Header.MinimumBytes];
        Write(request, ++_sequence);
        long began = Stopwatch.GetTimestamp();
        try
        {
            _ = _socket.SendTo(request, new IPEndPoint(ToIPAddress(destination), 0));
        }
        catch (SocketException problem)
        {
            return new EchoAnswer(EchoOutcome.Refused)
            {
                Refusal = $"this host does not send it: {problem.Message}",
                Mtu = problem.SocketErrorCode == SocketError.MessageSize ? totalBytes - 1 : 0,
            };
        }

        while (true)
        {
            double left = (within - Stopwatch.GetElapsedTime(began)).TotalMilliseconds;
            if (left <= 0 || !_socket.Poll(TimeSpan.FromMilliseconds(left), SelectMode.SelectRead))
            {
                return new EchoAnswer(EchoOutcome.Silence);
            }

            int length = _socket.Receive(_received);
            if (Read(_received.AsSpan(0, length), destination, Stopwatch.GetElapsedTime(began)) is { } answer)
            {
                return answer;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static IPAddress ToIPAddress(Ipv4Address address)
    {
        Span<byte> bytes = stackalloc byte[Ipv4Address.ByteCount];
        address.Write(bytes);
        return new IPAddress(bytes);
    }

    private void Write(Span<byte> request, ushort sequence)
    {
        request.Clear();
        request[0] = EchoRequest;
        BinaryPrimitives.WriteUInt16BigEndian(request[4..], _identifier);
        BinaryPrimitives.WriteUInt16BigEndian(request[6..], sequence);
        BinaryPrimitives.WriteUInt16BigEndian(request[2..], InternetChecksum.Compute(request));
    }

    // Every ICMP message that reaches this host comes here; null for those about something else.
    private EchoAnswer? Read(ReadOnlySpan<byte> packet, Ipv4Address destination, TimeSpan roundTrip)
    {
        if (!TrySplit(packet, out ReadOnlySpan<byte> header, out ReadOnlySpan<byte> message))
        {
            return null;
        }

        var source = Ipv4Address.Read(header[12..]);
        if (message[0] == EchoReply)
        {
            return source == destination && IsOurs(message)
                ? new EchoAnswer(EchoOutcome.Answered, roundTrip, header[8])
                : null;
        }

        bool isError = message[0] is 3 or 11 or 12
            && TrySplit(message[IcmpHeaderBytes..], out ReadOnlySpan<byte> quoted, out ReadOnlySpan<byte> question)
            && Ipv4Address.Read(quoted[16..]) == destination && question[0] == EchoRequest && IsOurs(question);
        return !isError ? null : new EchoAnswer(EchoOutcome.IcmpError, roundTrip)
        {
            IcmpType = message[0],
            IcmpCode = message[1],
            Offender = source,
            Mtu = message[0] == 3 && message[1] == 4 ? BinaryPrimitives.ReadUInt16BigEndian(message[6..]) : 0,
        };
    }

    private bool IsOurs(ReadOnlySpan<byte> message) =>
        BinaryPrimitives.ReadUInt16BigEndian(message[4..]) == _identifier
        && BinaryPrimitives.ReadUInt16BigEndian(message[6..]) == _sequence;

    private static bool TrySplit(
        ReadOnlySpan<byte> packet, out ReadOnlySpan<byte> header, out ReadOnlySpan<byte> message)
    {
        header = default;
        message = default;
        int headerBytes = packet.Length < Ipv4Header.MinimumBytes ? 0 : (packet[0] & 0xF) * 4;
        if (headerBytes < Ipv4Header.MinimumBytes || packet.Length < headerBytes + IcmpHeaderBytes)
        {
            return false;
        }

        header = packet[..headerBytes];
        message = packet[headerBytes..];
        return true;
    }
}
