using System;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.IcmpErrors;
using Overlay.Router.Packets;
using Overlay.Router.Ports;

namespace Overlay.Router.Inbound;

/// <summary>Answers the questions of <c>overlay ping</c>, as often as ICMP errors may be sent.</summary>
/// <remarks>Owned by one worker's thread.</remarks>
/// <param name="port">Sends the answers; null to send none.</param>
/// <param name="counters">The worker's.</param>
internal sealed class PingAnswerer(IReplyPort? port, WorkerCounters counters)
{
    // Read with the worker's making: a packet allocates nothing.
    private readonly Version _release = typeof(PingAnswerer).Assembly.GetName().Version ?? new Version(0, 0, 0);
    private readonly byte[] _answer = new byte[PingProbe.Bytes];
    private readonly IcmpRateLimit _limit = new();

    /// <summary>Answers a datagram that is too short for a packet, if it is a question.</summary>
    /// <param name="datagram">Whole.</param>
    /// <param name="source">Where it came from.</param>
    /// <returns>False when it is something else, or one question too many: it counts as dropped then.</returns>
    internal bool TryAnswer(ReadOnlySpan<byte> datagram, Ipv4Address source)
    {
        if (port is null
            || !PingProbe.TryReadQuestion(datagram, out ushort answerPort)
            || !_limit.TryTake(source, Environment.TickCount64))
        {
            return false;
        }

        PingProbe.WriteAnswer(datagram, _answer, _release);
        _ = port.Reply(source, answerPort, _answer); // what is lost is asked again
        counters.Note(CountedEvent.PingAnswered);
        return true;
    }
}
