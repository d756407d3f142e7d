namespace Overlay.Router.Forwarding;

/// <summary>How a forwarder treats packets.</summary>
/// <param name="SourceCheck">How much an inbound datagram has to prove.</param>
/// <param name="TunnelMtu">The TUN's MTU in bytes: longer inbound packets are delivered and counted.</param>
public sealed record ForwarderOptions(SourceCheck SourceCheck, int TunnelMtu);
