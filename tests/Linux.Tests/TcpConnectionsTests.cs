using System.Net;
using System.Net.Sockets;
using Overlay.Net;
using Xunit;

namespace Overlay.Linux.Tests;

public sealed class TcpConnectionsTests
{
    [Fact]
    public void An_open_connection_is_found_from_both_sides_and_a_listener_is_none()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.7"), 0));
        listener.Listen();
        var there = (IPEndPoint)listener.LocalEndPoint!;
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.8"), 0));
        client.Connect(there);
        var here = (IPEndPoint)client.LocalEndPoint!;

        Ipv4Address ours = Ipv4Address.Parse("127.0.0.8"), theirs = Ipv4Address.Parse("127.0.0.7");
        Assert.Contains(
            new TcpConnection(ours, theirs, (ushort)there.Port), TcpConnections.ReadEstablished());
        Assert.Contains(
            new TcpConnection(theirs, ours, (ushort)here.Port), TcpConnections.ReadEstablished());
        Assert.DoesNotContain(
            TcpConnections.ReadEstablished(), connection => connection.RemotePort == 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode")]
    [InlineData("   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1")]
    [InlineData("   0: 0100007F 0100007F:1F90 01")]
    [InlineData("   0: 0100007F:1F90 0100007G:1F90 01")]
    public void Anything_else_in_the_table_is_no_connection(string line) => Assert.Null(TcpConnections.Parse(line));
}
