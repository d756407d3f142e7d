using Overlay.Net;

namespace Overlay.Daemon.Host;

/// <summary>The interface whose address carries the tunnel's datagrams.</summary>
/// <param name="Name">The interface's name.</param>
/// <param name="Index">Its index, 1 or more.</param>
/// <param name="Local">The address the socket binds to, with the length of the subnet on the link.</param>
/// <param name="Mtu">In bytes, of the interface <paramref name="Wire"/>.</param>
/// <param name="Wire">The interface whose MTU that is: where this one leads to no other host, another that does; null
/// when there is none.</param>
internal sealed record UnderlayInterface(string Name, int Index, Ipv4Prefix Local, int Mtu, string? Wire)
{
    /// <summary>The address the socket binds to.</summary>
    internal Ipv4Address Address => Local.Address;
}
