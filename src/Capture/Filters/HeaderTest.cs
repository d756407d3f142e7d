using System;
using Overlay.Capture.Packets;

namespace Overlay.Capture.Filters;

/// <summary>One primitive: what it asks of the headers of one packet.</summary>
internal sealed record HeaderTest
{
    /// <summary>What is compared.</summary>
    internal required FilterKind Kind { get; init; }

    /// <summary>The EtherType that it must have; 0 for any.</summary>
    internal ushort EtherType { get; init; }

    /// <summary>The IP protocol that it must have; -1 for any.</summary>
    internal int Protocol { get; init; } = -1;

    /// <summary>Which end.</summary>
    internal FilterDirection Direction { get; init; }

    /// <summary>Whether the address is one of IPv6.</summary>
    internal bool IsIpv6 { get; init; }

    /// <summary>The address, without host bits.</summary>
    internal UInt128 Address { get; init; }

    /// <summary>The bits of it that count.</summary>
    internal UInt128 Mask { get; init; }

    /// <summary>The lowest port.</summary>
    internal int LowestPort { get; init; }

    /// <summary>The highest port.</summary>
    internal int HighestPort { get; init; }

    /// <summary>Whether headers fit. Allocates nothing.</summary>
    internal bool Matches(in HeaderFacts facts)
    {
        if (facts.EtherType == 0
            || (EtherType != 0 && facts.EtherType != EtherType)
            || (Protocol >= 0 && facts.Protocol != Protocol))
        {
            return false;
        }

        return Kind switch
        {
            FilterKind.Protocol => true,
            FilterKind.Address => facts.EtherType == EtherTypes.Ipv6 == IsIpv6
                && Ends(IsInside(facts.Source), IsInside(facts.Destination)),
            _ => Ends(IsInRange(facts.SourcePort), IsInRange(facts.DestinationPort)),
        };
    }

    private bool Ends(bool source, bool destination) => Direction switch
    {
        FilterDirection.Source => source,
        FilterDirection.Destination => destination,
        FilterDirection.Both => source && destination,
        _ => source || destination,
    };

    private bool IsInside(UInt128 address) => ((address ^ Address) & Mask) == 0;

    private bool IsInRange(int port) => port >= LowestPort && port <= HighestPort; // -1 is in none
}
