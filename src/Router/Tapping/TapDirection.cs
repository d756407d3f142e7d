namespace Overlay.Router.Tapping;

/// <summary>Which way a tapped packet went.</summary>
public enum TapDirection : byte
{
    /// <summary>From a peer, to the TUN.</summary>
    Inbound = 1,

    /// <summary>From the TUN, to a peer.</summary>
    Outbound = 2,
}
