using Overlay.Router.Ports;
using Overlay.Tun;

namespace Overlay.Router.Forwarding;

/// <summary>One TUN queue and one outer socket, served by workers of their own.</summary>
/// <param name="Tun">The device's queue.</param>
/// <param name="Port">The outer socket.</param>
public sealed record Lane(ITunQueue Tun, IDatagramPort Port);
