namespace Overlay.Router.Tapping;

/// <summary>
/// Says which packets a capture wants. Asked for each by the thread that forwards it: it allocates nothing.
/// </summary>
public interface ITapFilter
{
    /// <summary>Whether it is wanted. Any thread.</summary>
    bool Matches(in TappedPacket packet);
}
