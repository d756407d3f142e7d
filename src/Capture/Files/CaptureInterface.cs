using Overlay.Capture.Packets;

namespace Overlay.Capture.Files;

/// <summary>Where packets of a file were captured.</summary>
/// <param name="LinkType">What each of its frames begins with.</param>
/// <param name="SnapLength">The most bytes that were kept of a frame; 0 for all.</param>
/// <param name="Name">For example <c>eth0</c>; null where the file has none. Not masked. Of this and the other texts
/// 256 bytes are read.</param>
/// <param name="Description">For people; null where the file has none. Not masked.</param>
/// <param name="Filter">What was asked for; null for everything, or where the file does not say. Not masked.</param>
public sealed record CaptureInterface(
    LinkType LinkType, int SnapLength = 0, string? Name = null, string? Description = null, string? Filter = null);
