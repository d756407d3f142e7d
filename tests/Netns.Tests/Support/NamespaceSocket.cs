using System.Net.Sockets;
using Overlay.Lab;

namespace Overlay.Netns.Tests.Support;

/// <summary>Sockets of a namespace; they stay in it, whoever uses them.</summary>
internal static class NamespaceSocket
{
    internal static Socket Udp(string networkNamespace) => LabNamespace.Run(
        networkNamespace, () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));

    internal static Socket Tcp(string networkNamespace) => LabNamespace.Run(
        networkNamespace, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
}
