using Overlay.Capture.Filters;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Tapping;

namespace Overlay.Daemon.Capturing;

/// <summary>Which packets of user space a capture wants. Any thread; it allocates nothing.</summary>
/// <param name="filter">Of headers.</param>
/// <param name="peer">The only peer wanted; null for all.</param>
/// <param name="isForwardedWanted">Whether packets that are forwarded are wanted, or drops alone.</param>
/// <param name="own">This host's endpoint: what outer headers have.</param>
/// <param name="port">Its UDP port, and the peers'.</param>
internal sealed class CaptureFilter(
    PacketFilter filter, Ipv4Address? peer, bool isForwardedWanted, Ipv4Address own, ushort port) : ITapFilter
{
    /// <inheritdoc/>
    public bool Matches(in TappedPacket packet)
    {
        if ((!isForwardedWanted && packet.Verdict == DropReason.None) || (peer is { } only && packet.Peer != only))
        {
            return false;
        }

        if (filter.IsAll)
        {
            return true;
        }

        (Ipv4Address from, Ipv4Address to) =
            packet.Direction == TapDirection.Outbound ? (own, packet.Peer) : (packet.Peer, own);
        return filter.Matches(new FilterSubject(
            HeaderFacts.OfDatagram(from, port, to, port), HeaderFacts.OfIpv4(packet.Head)));
    }
}
