using Overlay.Net;

namespace Overlay.Router.Routes;

/// <summary>One destination and the host that takes it.</summary>
/// <param name="Destination">1 to 32 bits long.</param>
/// <param name="NextHop">The outer destination address; not 0.0.0.0.</param>
public readonly record struct Route(Ipv4Prefix Destination, Ipv4Address NextHop);
