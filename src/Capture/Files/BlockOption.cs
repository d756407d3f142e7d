namespace Overlay.Capture.Files;

/// <summary>Options of pcapng's blocks, by the codes that each kind of block gives them.</summary>
internal static class BlockOption
{
    /// <summary>Ends a list of them.</summary>
    internal const ushort End = 0;

    /// <summary>Of any block: text.</summary>
    internal const ushort Comment = 1;

    /// <summary>Of a section: the operating system.</summary>
    internal const ushort SectionSystem = 3;

    /// <summary>Of a section: the program that wrote it.</summary>
    internal const ushort SectionApplication = 4;

    /// <summary>Of an interface: its name.</summary>
    internal const ushort InterfaceName = 2;

    /// <summary>Of an interface: text.</summary>
    internal const ushort InterfaceDescription = 3;

    /// <summary>Of an interface: what a unit of its times is.</summary>
    internal const ushort InterfaceResolution = 9;

    /// <summary>Of an interface: a byte 0 and the filter's text.</summary>
    internal const ushort InterfaceFilter = 11;

    /// <summary>Of an interface: seconds that are added to its times.</summary>
    internal const ushort InterfaceOffset = 14;

    /// <summary>Of a packet: its direction in the two lowest bits.</summary>
    internal const ushort PacketFlags = 2;

    /// <summary>Of a packet: how many were lost before it.</summary>
    internal const ushort PacketDrops = 4;

    /// <summary>Of a packet: a number that all captures of it share.</summary>
    internal const ushort PacketIdentifier = 5;

    /// <summary>Of statistics: when the capture began.</summary>
    internal const ushort StatisticsStart = 2;

    /// <summary>Of statistics: when it ended.</summary>
    internal const ushort StatisticsEnd = 3;

    /// <summary>Of statistics: packets that passed.</summary>
    internal const ushort StatisticsReceived = 4;

    /// <summary>Of statistics: packets that were lost.</summary>
    internal const ushort StatisticsDropped = 5;

    /// <summary>Of statistics: packets that the filter let through.</summary>
    internal const ushort StatisticsAccepted = 6;

    /// <summary>Of statistics: packets that the operating system has lost.</summary>
    internal const ushort StatisticsDroppedBySystem = 7;

    /// <summary>Of statistics: packets that the capturing program was given.</summary>
    internal const ushort StatisticsDelivered = 8;
}
