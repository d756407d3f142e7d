namespace Overlay.Control;

/// <summary>A peer whose path is narrower than its route.</summary>
/// <param name="Peer">Its public IP.</param>
/// <param name="Mtu">The longest outer packet that gets there whole, in bytes.</param>
/// <param name="TakesTrains">False after the kernel has refused a train to it.</param>
public sealed record PathReport(string Peer, int Mtu, bool TakesTrains);
