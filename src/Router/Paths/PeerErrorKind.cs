namespace Overlay.Router.Paths;

/// <summary>What an ICMP error says of a datagram to a peer (RFC 792; RFC 1812, section 5.2.7.1).</summary>
public enum PeerErrorKind
{
    /// <summary>3/3: nobody listens on the port there.</summary>
    PortUnreachable,

    /// <summary>3/9 and 3/10: a firewall forbids the network or the host.</summary>
    HostProhibited,

    /// <summary>3/13: a firewall forbids it.</summary>
    AdminProhibited,

    /// <summary>3/0, 3/1, 3/6 and 3/7: no router or link leads there.</summary>
    HostUnreachable,

    /// <summary>3/4: too long for the path.</summary>
    FragmentationNeeded,

    /// <summary>Any other.</summary>
    Other,
}
