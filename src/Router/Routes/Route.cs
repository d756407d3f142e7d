namespace Overlay.Router.Routes;

/// <summary>One destination and the host that packets to it are sent to.</summary>
/// <param name="Destination">A prefix of 1 to 32 bits.</param>
/// <param name="NextHop">The outer destination address, host order; not 0.</param>
public readonly record struct Route(Prefix Destination, uint NextHop);
