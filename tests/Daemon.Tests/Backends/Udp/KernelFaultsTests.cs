using System;
using Overlay.Daemon.Backends.Udp;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Ports;
using Overlay.Router.Workers;
using Xunit;

namespace Overlay.Daemon.Tests.Backends.Udp;

public sealed class KernelFaultsTests
{
    [Theory]
    [InlineData("6.18.44.0", false)]
    [InlineData("7.0.0.0", true)] // as the runtime reads 7.0.0-rc1
    [InlineData("7.1.4.0", true)]
    [InlineData("7.1.5.0", false)]
    [InlineData("7.2.0.0", false)]
    public void Trains_are_unavailable_from_the_start_where_their_last_datagram_may_break(string kernel, bool breaks)
    {
        var version = Version.Parse(kernel);
        Assert.Equal(breaks, KernelFaults.BreaksFullTrains(version));

        using var port = UdpPort.Bind(Ipv4Address.Loopback, FreePort());
        var negotiation = new Negotiation([Acceleration.UdpGso, Acceleration.UdpGro], version);
        Accelerations answers = negotiation.Hold([port]);
        Assert.Equal(
            breaks ? AccelerationState.Unavailable : AccelerationState.On, answers.StateOf(Acceleration.UdpGso));
        Assert.Equal(breaks ? Errno.EOPNOTSUPP : Errno.None, answers.ReasonOf(Acceleration.UdpGso));
        Assert.True(answers.IsOn(Acceleration.UdpGro));
    }

    [Theory]
    [InlineData("6.8.4.0", true)]
    [InlineData("6.8.5.0", false)]
    public void Superpackets_to_tunnels_get_lost_before_6_8_5(string kernel, bool loses) =>
        Assert.Equal(loses, KernelFaults.LosesSuperpacketsOfTunnels(Version.Parse(kernel)));

    private static ushort FreePort()
    {
        using var socket = new System.Net.Sockets.UdpClient(
            new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        return (ushort)((System.Net.IPEndPoint)socket.Client.LocalEndPoint!).Port;
    }
}
