namespace Overlay.Capture.Files;

/// <summary>pcapng's blocks (IETF draft-ietf-opsawg-pcapng, section 4).</summary>
internal static class BlockType
{
    /// <summary>Begins a section; the same in both byte orders.</summary>
    internal const uint Section = 0x0a0d0d0a;

    /// <summary>Describes an interface.</summary>
    internal const uint Interface = 1;

    /// <summary>A packet, as old files have it.</summary>
    internal const uint OldPacket = 2;

    /// <summary>A packet of the first interface, without a time.</summary>
    internal const uint SimplePacket = 3;

    /// <summary>What an interface has received and lost.</summary>
    internal const uint Statistics = 5;

    /// <summary>A packet.</summary>
    internal const uint EnhancedPacket = 6;

    /// <summary>In a section's header, in the order of its numbers.</summary>
    internal const uint ByteOrderMagic = 0x1a2b3c4d;
}
