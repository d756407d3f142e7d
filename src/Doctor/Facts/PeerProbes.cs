using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Diagnosis.Ping;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Doctor.Facts;

/// <summary>
/// What has come back of the question of <c>overlay ping</c>, asked of each peer once: daemons of ours answer, stock's
/// drop it unseen, and the kernel of a host says that nobody listens (RFC 1122, 4.1.3.1).
/// </summary>
/// <param name="Answers">Of all that were asked.</param>
internal sealed record PeerProbes(IReadOnlyDictionary<Ipv4Address, EchoAnswer> Answers)
{
    // Each kernel answers some errors a second to one address (ip-sysctl.rst, icmp_ratelimit); more peers tell no more.
    private const int MostPeers = 64;

    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(100); // a round trip across a continent

    /// <summary>Nobody was asked.</summary>
    internal static PeerProbes None { get; } = new(new Dictionary<Ipv4Address, EchoAnswer>());

    /// <summary>Peers whose host has said that nobody listens.</summary>
    internal IEnumerable<Ipv4Address> Refusing => Answers.Where(each => each.Value.IsPortUnreachable)
        .Select(each => each.Key);

    /// <summary>Peers whose port is open both ways: what else is said of it is over.</summary>
    /// <param name="peer">Its public IP, as text.</param>
    internal bool IsOpen(string peer) => Ipv4Address.TryParse(peer, out Ipv4Address address)
        && Answers.TryGetValue(address, out EchoAnswer? answer) && answer.Outcome == EchoOutcome.Answered;

    /// <summary>Asks them, in the network namespace of the calling thread.</summary>
    /// <param name="peers">Whom.</param>
    /// <param name="own">This host's address that peers know it by; 0.0.0.0 to leave it to the kernel.</param>
    /// <param name="port">Their UDP port.</param>
    /// <param name="notes">Gets why it cannot be asked.</param>
    internal static PeerProbes Ask(IEnumerable<Ipv4Address> peers, Ipv4Address own, ushort port, FactNotes notes)
    {
        Ipv4Address[] asked = [.. peers.Distinct().Take(MostPeers)];
        if (asked.Length == 0)
        {
            return None;
        }

        try
        {
            using var socket = new PortSocket(own);
            return new PeerProbes(socket.Ask(asked, port, s_patience));
        }
        catch (LinuxException problem)
        {
            notes.Add($"peers cannot be asked: {problem.Message}");
            return None;
        }
    }
}
