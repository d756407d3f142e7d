namespace Overlay.Router.Workers;

/// <summary>How much an inbound datagram has to prove about where it comes from.</summary>
public enum SourceCheck
{
    /// <summary>
    /// The outer source is a known peer's public IP; the inner source is not in our own subnet and, inside the network,
    /// is in that peer's.
    /// </summary>
    Strict,

    /// <summary>The outer source is a known peer's public IP; the inner source is not looked at.</summary>
    Peer,

    /// <summary>Neither is looked at, as in stock flannel: for peers behind address translation.</summary>
    Off,
}
