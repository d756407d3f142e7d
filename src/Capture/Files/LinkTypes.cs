using Overlay.Capture.Packets;

namespace Overlay.Capture.Files;

/// <summary>Link types by the numbers that files have.</summary>
internal static class LinkTypes
{
    // DLT_RAW of OpenBSD and of the others (pcap/dlt.h), which old files have in place of LINKTYPE_RAW.
    private const uint RawOfOpenBsd = 14, RawOfOthers = 12;

    /// <summary>The link type of a number; one that is not decoded keeps its number.</summary>
    internal static LinkType OfNumber(uint number) =>
        number is RawOfOpenBsd or RawOfOthers ? LinkType.Raw : (LinkType)number;
}
