using Overlay.Net;

namespace Overlay.Router.Routes;

/// <summary>One destination and the host that packets to it are sent to.</summary>
/// <param name="Destination">A prefix of 1 to 32 bits.</param>
/// <param name="NextHop">The outer destination address; not 0.0.0.0.</param>
public readonly record struct Route(Ipv4Prefix Destination, Ipv4Address NextHop);
