using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Overlay.Net;

namespace Overlay.Linux;

/// <summary>A TCP connection over IPv4 that this host has opened.</summary>
/// <param name="Local">This host's address.</param>
/// <param name="Remote">The server's address.</param>
/// <param name="RemotePort">1 to 65535.</param>
public readonly record struct TcpConnection(Ipv4Address Local, Ipv4Address Remote, ushort RemotePort);

/// <summary>The TCP connections of the calling thread's network namespace (proc_pid_net(5), tcp and tcp6).</summary>
public static class TcpConnections
{
    // A program that speaks both families has its IPv4 connections in the second one, as ::ffff:192.0.2.1.
    private static readonly string[] s_tables = ["/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"];

    /// <summary>
    /// Those that are established to a server elsewhere, programs' and the kernel's own (NFS). What others have opened
    /// to a server on this host is left out: it has the port of a socket that listens.
    /// </summary>
    /// <returns>Nothing where the tables cannot be read.</returns>
    public static IReadOnlyList<TcpConnection> ReadOpened()
    {
        List<TcpSocket> sockets = [.. s_tables.SelectMany(ReadTable)];
        HashSet<ushort> listening = [.. sockets.Where(socket => socket.IsListening).Select(socket => socket.LocalPort)];
        return
        [
            .. sockets.Where(socket => socket.IsEstablished && !listening.Contains(socket.LocalPort))
                .Select(ConnectionOf).OfType<TcpConnection>(),
        ];
    }

    private static TcpConnection? ConnectionOf(TcpSocket socket) =>
        socket is { Local: { } local, Remote: { } remote } ? new TcpConnection(local, remote, socket.RemotePort) : null;

    private static List<TcpSocket> ReadTable(string table)
    {
        List<TcpSocket> found = [];
        try
        {
            foreach (string line in File.ReadLines(table))
            {
                if (TcpSocket.Parse(line) is { } socket)
                {
                    found.Add(socket);
                }
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return [];
        }

        return found;
    }
}

/// <summary>A line of /proc/net/tcp or tcp6.</summary>
/// <param name="State">TCP_*, net/tcp_states.h.</param>
/// <param name="Local">Null for an IPv6 address.</param>
/// <param name="LocalPort">1 to 65535.</param>
/// <param name="Remote">Null for an IPv6 address.</param>
/// <param name="RemotePort">0 while it listens.</param>
internal readonly record struct TcpSocket(
    byte State, Ipv4Address? Local, ushort LocalPort, Ipv4Address? Remote, ushort RemotePort)
{
    private const byte Established = 1, Listen = 10;

    // Columns of a line: number, local address, remote address, state.
    private const int LocalColumn = 1, RemoteColumn = 2, StateColumn = 3;

    // A number in the machine's order for each four bytes of an address.
    private const int WordDigits = 8;

    // ::ffff:0:0/96 (RFC 4291, section 2.5.5.2), as its three words are written by a little-endian kernel.
    private const string MappedPrefix = "0000000000000000FFFF0000";

    internal bool IsEstablished => State == Established;

    internal bool IsListening => State == Listen;

    /// <summary>Reads one line; null for the heading and for what is no line of the table.</summary>
    internal static TcpSocket? Parse(string line)
    {
        string[] columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return columns.Length > StateColumn
            && byte.TryParse(
                columns[StateColumn], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out byte state)
            && TryParse(columns[LocalColumn], out Ipv4Address? local, out ushort localPort)
            && TryParse(columns[RemoteColumn], out Ipv4Address? remote, out ushort remotePort)
                ? new TcpSocket(state, local, localPort, remote, remotePort)
                : null;
    }

    // 0100007F:1F90
    private static bool TryParse(string column, out Ipv4Address? address, out ushort port)
    {
        (address, port) = (null, 0);
        int colon = column.IndexOf(':');
        if (colon < 0
            || !ushort.TryParse(
                column[(colon + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out port))
        {
            return false;
        }

        string digits = column[..colon];
        if (digits.StartsWith(MappedPrefix, StringComparison.Ordinal))
        {
            digits = digits[MappedPrefix.Length..];
        }

        if (digits.Length != WordDigits)
        {
            return digits.Length == 4 * WordDigits; // IPv6
        }

        if (!uint.TryParse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint word))
        {
            return false;
        }

        address = new Ipv4Address(BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(word) : word);
        return true;
    }
}
