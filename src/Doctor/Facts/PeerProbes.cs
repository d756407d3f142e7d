using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Doctor.Facts;

/// <summary>
/// What becomes of a datagram of one byte to each peer: too short for a packet, so that every daemon drops it, and
/// enough for the peer's kernel to say that nobody listens (RFC 1122, 4.1.3.1).
/// </summary>
/// <param name="Refusing">Peers whose host has said so.</param>
internal sealed record PeerProbes(IReadOnlyList<Ipv4Address> Refusing)
{
    // Each kernel answers some errors a second to one address (ip-sysctl.rst, icmp_ratelimit); more peers tell no more.
    private const int MostPeers = 64;

    private const byte PortUnreachable = 3;

    private static readonly double s_patience = 0.1; // seconds: a round trip across a continent

    /// <summary>Asks them, in the network namespace of the calling thread.</summary>
    /// <param name="peers">Whom.</param>
    /// <param name="port">Their UDP port.</param>
    /// <param name="notes">Gets why it cannot be asked.</param>
    internal static PeerProbes Ask(IEnumerable<Ipv4Address> peers, ushort port, FactNotes notes)
    {
        Ipv4Address[] asked = [.. peers.Distinct().Take(MostPeers)];
        HashSet<Ipv4Address> refusing = [];
        if (asked.Length == 0)
        {
            return new PeerProbes([]);
        }

        try
        {
            using var socket = UdpSocket.Bind(default, 0, bufferBytes: 65536);
            _ = socket.SetErrorReports(true);
            foreach (Ipv4Address peer in asked)
            {
                _ = socket.Send(peer, port, [0]);
                Drain(socket, refusing); // a waiting error takes the place of the next datagram
            }

            long began = Stopwatch.GetTimestamp();
            while (refusing.Count < asked.Length && Stopwatch.GetElapsedTime(began).TotalSeconds < s_patience)
            {
                Readiness.Pause(2);
                Drain(socket, refusing);
            }
        }
        catch (LinuxException problem)
        {
            notes.Add($"peers cannot be asked: {problem.Message}");
        }

        return new PeerProbes([.. refusing]);
    }

    private static void Drain(UdpSocket socket, HashSet<Ipv4Address> refusing)
    {
        while (socket.TryReadError(out DatagramError error))
        {
            if (error is { IcmpType: DatagramError.DestinationUnreachable, IcmpCode: PortUnreachable })
            {
                _ = refusing.Add(error.Destination);
            }
        }
    }
}
