using Overlay.Net;

namespace Overlay.Router.Paths;

/// <summary>The errors of one kind about one peer.</summary>
/// <param name="Peer">Where the datagrams were sent.</param>
/// <param name="Kind">What was said.</param>
/// <param name="Count">How often.</param>
/// <param name="Latest">When last, by the clock's timestamp.</param>
public readonly record struct PeerError(Ipv4Address Peer, PeerErrorKind Kind, long Count, long Latest);
