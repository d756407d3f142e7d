namespace Overlay.Control;

/// <summary>A kernel that forwards by itself.</summary>
/// <param name="Interface">Where packets for the peers leave.</param>
/// <param name="IsCounted">
/// Whether the interface carries nothing else, so that what it counts is what was forwarded.
/// </param>
/// <param name="OutboundDropped">Packets for the peers that it did not send; null where it does not count.</param>
/// <param name="InboundDropped">Packets of the peers that it did not deliver; null where it does not count.</param>
public sealed record KernelForwardingReport(
    string Interface, bool IsCounted, long? OutboundDropped = null, long? InboundDropped = null)
{
    /// <summary>In one line.</summary>
    public override string ToString() => IsCounted
        ? $"by the kernel through {Interface}, which has dropped {OutboundDropped ?? 0} out and "
            + $"{InboundDropped ?? 0} in; its packets are:"
        : $"by the kernel, which does not count it apart from what else {Interface} carries (ip -s link show "
            + $"{Interface})";
}
