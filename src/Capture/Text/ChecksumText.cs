using Overlay.Capture.Packets;

namespace Overlay.Capture.Text;

/// <summary>What checksums are worth, in words.</summary>
internal static class ChecksumText
{
    /// <summary>For a person.</summary>
    internal static string Words(ChecksumState state) => state switch
    {
        ChecksumState.Good => "correct",
        ChecksumState.Bad => "wrong",
        ChecksumState.NotComputed => "none was computed",
        ChecksumState.Partial => "partial: the device completes it (offloaded, not an error)",
        ChecksumState.Cut => "cannot be told: not all of the packet is here",
        _ => "none",
    };

    /// <summary>For a program.</summary>
    internal static string Name(ChecksumState state) => state switch
    {
        ChecksumState.Good => "good",
        ChecksumState.Bad => "bad",
        ChecksumState.NotComputed => "notComputed",
        ChecksumState.Partial => "offloaded",
        ChecksumState.Cut => "cut",
        _ => "none",
    };
}
