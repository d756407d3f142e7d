namespace Overlay.Router.Workers;

/// <summary>What is checked of the source of an inbound datagram.</summary>
public enum SourceCheck
{
    /// <summary>
    /// The outer source must be a known peer's public IP. The inner source must not be in this host's own subnet, and
    /// when it is in the overlay network it must be in that peer's subnet.
    /// </summary>
    Strict,

    /// <summary>The outer source must be a known peer's public IP; the inner source is not checked.</summary>
    Peer,

    /// <summary>Neither is checked, as in stock flannel: for peers behind address translation.</summary>
    Off,
}
