using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using Overlay.Lab;
using Overlay.Net;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Tun;

/// <summary>
/// Which inner sources the kernel takes from a TUN: what is dropped as martian is what it would drop.
/// </summary>
public sealed class KernelSourceTests : IDisposable
{
    private const ushort Port = 4242;
    private const string Own = "10.9.0.1";

    private readonly IpCommand _ip;
    private readonly string _namespace = $"overlay-t{Environment.ProcessId}-source";

    public KernelSourceTests()
    {
        Prerequisites.Require();
        _ip = new IpCommand();
        _ip.Run("netns", "add", _namespace);
    }

    public void Dispose() => _ip.Run("netns", "delete", _namespace);

    [Fact]
    public void The_kernel_delivers_from_every_address_that_we_take_for_a_hosts()
    {
        string[] sources =
        [
            "0.0.0.0", "0.1.2.3", "1.0.0.1", "126.0.0.1", "127.0.0.1", "128.0.0.1", "223.255.255.255", "224.0.0.1",
            "239.255.255.255", "240.0.0.1", "255.255.255.254", "255.255.255.255", "10.9.0.2",
        ];
        using var tun = new CraftedTun(_ip, _namespace, "t0", virtioNetHeader: false, "0.0.0.0/0");
        _ip.Run("-n", _namespace, "addr", "add", $"{Own}/32", "dev", "t0");
        using Socket socket = NamespaceSocket.Udp(_namespace);
        socket.Bind(new IPEndPoint(IPAddress.Parse(Own), Port));
        foreach (string source in sources)
        {
            tun.Write(PacketBuilder.Ipv4(
                Ipv4Address.Parse(source), Ipv4Address.Parse(Own),
                payload: [.. Header(8 + 1), 0]));
        }

        List<string> delivered = [];
        byte[] bytes = new byte[16];
        do
        {
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            socket.ReceiveTimeout = (int)TestLab.Patience.TotalMilliseconds;
            _ = socket.ReceiveFrom(bytes, ref from);
            delivered.Add(((IPEndPoint)from).Address.ToString());
        }
        while (delivered[^1] != sources[^1]); // the kernel takes them one after the other, in the writer's thread

        TestContext.Current.TestOutputHelper?.WriteLine($"delivered: {string.Join(", ", delivered)}");
        Assert.Equal(
            sources.Where(source => Ipv4Address.Parse(source).IsUnicast),
            delivered.Where(source => !source.StartsWith("0.", StringComparison.Ordinal)));
        Assert.DoesNotContain("0.0.0.0", delivered);
    }

    // A checksum of 0 is none (RFC 768).
    private static byte[] Header(int length) =>
        [Port >> 8, Port & 0xFF, Port >> 8, Port & 0xFF, (byte)(length >> 8), (byte)length, 0, 0];
}
