using System.Runtime.CompilerServices;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>The struct msghdr inside a struct mmsghdr, in place: Tmds.LibC's property hands out a copy.</summary>
internal static class MessageHeader
{
    /// <summary>The header of <paramref name="message"/>.</summary>
    internal static ref msghdr Of(ref mmsghdr message) =>
        // Safe because msg_hdr is the first member: a test compares its offset with C's.
        ref Unsafe.As<mmsghdr, msghdr>(ref message);
}
