using Overlay.Capture.Packets;

namespace Overlay.Capture.Filters;

/// <summary>
/// A filter in tcpdump's language (pcap-filter(7)): hosts, nets, ports and protocols, of outer or inner headers.
/// </summary>
/// <remarks>
/// A primitive fits a packet when it fits its outer headers or those of the packet inside; <c>outer</c> or <c>inner</c>
/// before it says which. Compiled once; asking it allocates nothing, and any thread may.
/// </remarks>
public sealed class PacketFilter
{
    private readonly FilterNode? _root;

    private PacketFilter(FilterNode? root) => _root = root;

    /// <summary>Fits every packet.</summary>
    public static PacketFilter All { get; } = new(null);

    /// <summary>Whether it fits every packet because nothing was asked for.</summary>
    public bool IsAll => _root is null;

    /// <summary>Compiles a filter.</summary>
    /// <param name="filter">For example <c>host 10.244.1.5 and tcp port 80</c>; an empty one fits everything.</param>
    /// <exception cref="FilterSyntaxException">It is none.</exception>
    public static PacketFilter Compile(string filter) =>
        string.IsNullOrWhiteSpace(filter) ? All : new PacketFilter(new FilterParser(filter).Parse());

    /// <summary>Whether a packet fits; of a train, any of its packets.</summary>
    public bool Matches(in DecodedPacket packet)
    {
        if (_root is null)
        {
            return true;
        }

        DecodedPacket each = packet;
        do
        {
            if (_root.Matches(FilterSubject.Of(each)))
            {
                return true;
            }
        }
        while (PacketDecoder.TryNextOfTrain(ref each));

        return false;
    }

    /// <summary>Whether it fits what is known of a packet without decoding it.</summary>
    public bool Matches(in FilterSubject subject) => _root is null || _root.Matches(subject);
}
