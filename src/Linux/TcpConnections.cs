using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Overlay.Net;

namespace Overlay.Linux;

/// <summary>An established TCP connection over IPv4.</summary>
/// <param name="Local">This host's address.</param>
/// <param name="Remote">The other side's address.</param>
/// <param name="RemotePort">1 to 65535.</param>
public readonly record struct TcpConnection(Ipv4Address Local, Ipv4Address Remote, ushort RemotePort);

/// <summary>The TCP connections of the calling thread's network namespace (proc_pid_net(5), tcp).</summary>
public static class TcpConnections
{
    private const string Table = "/proc/thread-self/net/tcp";

    // Columns of a line: number, local address, remote address, state.
    private const int LocalColumn = 1, RemoteColumn = 2, StateColumn = 3;

    private const string Established = "01"; // TCP_ESTABLISHED, net/tcp_states.h

    /// <summary>Those that are established, programs' and the kernel's own (NFS).</summary>
    /// <returns>Nothing where the table cannot be read.</returns>
    public static IReadOnlyList<TcpConnection> ReadEstablished()
    {
        List<TcpConnection> found = [];
        try
        {
            foreach (string line in File.ReadLines(Table))
            {
                if (Parse(line) is { } connection)
                {
                    found.Add(connection);
                }
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return [];
        }

        return found;
    }

    /// <summary>Reads one line of the table; null for the heading and for a connection in another state.</summary>
    internal static TcpConnection? Parse(string line)
    {
        string[] columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return columns.Length > StateColumn
            && columns[StateColumn] == Established
            && TryParse(columns[LocalColumn], out Ipv4Address local, out _)
            && TryParse(columns[RemoteColumn], out Ipv4Address remote, out ushort port)
                ? new TcpConnection(local, remote, port)
                : null;
    }

    // 0100007F:1F90: the four bytes of the address as one number in the machine's order, and the port as a number.
    private static bool TryParse(string column, out Ipv4Address address, out ushort port)
    {
        (address, port) = (default, 0);
        int colon = column.IndexOf(':');
        if (colon != 2 * Ipv4Address.ByteCount
            || !uint.TryParse(column[..colon], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint number)
            || !ushort.TryParse(
                column[(colon + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out port))
        {
            return false;
        }

        address = new Ipv4Address(BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(number) : number);
        return true;
    }
}
