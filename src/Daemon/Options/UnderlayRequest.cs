using System.Collections.Generic;
using System.Text.RegularExpressions;
using Overlay.Net;

namespace Overlay.Daemon.Options;

/// <summary>Which interface carries the tunnel's datagrams; nothing given means the default route's.</summary>
/// <param name="Interfaces">Names or IPv4 addresses, in the order in which they are tried.</param>
/// <param name="Patterns">For an address or else a name, in order, tried after all interfaces.</param>
/// <param name="CanReach">The interface by which this address is reached is tried last; null when not given.</param>
/// <param name="PublicIp">The address published in the lease; null for the interface's. By itself it is the
/// interface's address, too.</param>
internal sealed record UnderlayRequest(
    IReadOnlyList<string> Interfaces,
    IReadOnlyList<Regex> Patterns,
    Ipv4Address? CanReach,
    Ipv4Address? PublicIp);
