using System.Net;
using System.Net.Sockets;
using Overlay.Net;
using Xunit;

namespace Overlay.Linux.Tests;

public sealed class TcpConnectionsTests
{
    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void A_connection_is_found_on_the_side_that_has_opened_it(AddressFamily family)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.7"), 0));
        listener.Listen();
        var there = (IPEndPoint)listener.LocalEndPoint!;
        using var client = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
        if (family == AddressFamily.InterNetworkV6)
        {
            client.DualMode = true;
        }

        client.Connect(there);
        var here = (IPEndPoint)client.LocalEndPoint!;

        Ipv4Address ours = Ipv4Address.Loopback, theirs = Ipv4Address.Parse("127.0.0.7");
        Assert.Contains(new TcpConnection(ours, theirs, (ushort)there.Port), TcpConnections.ReadOpened());
        Assert.DoesNotContain(new TcpConnection(theirs, ours, (ushort)here.Port), TcpConnections.ReadOpened());
    }

    [Theory]
    [InlineData("   0: 0100007F:1F90 0800007F:01BB 01 00000000:0", 1, "127.0.0.1", 8080, "127.0.0.8", 443)]
    [InlineData("   0: 0100007F:1F90 00000000:0000 0A 00000000:0", 10, "127.0.0.1", 8080, "0.0.0.0", 0)]
    [InlineData(
        " 1: 0000000000000000FFFF00000100007F:0001 0000000000000000FFFF00000800007F:0002 01", 1, "127.0.0.1", 1,
        "127.0.0.8", 2)]
    [InlineData(
        " 1: 00000000000000000000000000000000:0001 000080FE00000000FF3CD4CE38A0B1FE:0002 01", 1, null, 1, null, 2)]
    public void A_line_is_a_socket(
        string line, byte state, string? local, ushort localPort, string? remote, ushort remotePort) =>
        Assert.Equal(
            new TcpSocket(state, AddressOf(local), localPort, AddressOf(remote), remotePort), TcpSocket.Parse(line));

    [Theory]
    [InlineData("")]
    [InlineData("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode")]
    [InlineData("   0: 0100007F 0100007F:1F90 01")]
    [InlineData("   0: 0100007F:1F90 0100007G:1F90 01")]
    [InlineData("   0: 0100007F:1F90 0100007:1F90 01")]
    public void Anything_else_is_none(string line) => Assert.Null(TcpSocket.Parse(line));

    private static Ipv4Address? AddressOf(string? text) => text is null ? null : Ipv4Address.Parse(text);
}
