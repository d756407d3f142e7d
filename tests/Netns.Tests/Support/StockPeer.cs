using System;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Overlay.Lab;
using Overlay.Linux;
using Overlay.Router.Packets;
using Overlay.Tun;

namespace Overlay.Netns.Tests.Support;

/// <summary>What a node with stock flannel's UDP backend does with packets, written down a second time.</summary>
/// <remarks>
/// One buffer of exactly the MTU for each direction, one plain packet for each read and write, no virtio-net header, no
/// check of anything, the checksum patched in the stock way. Shares no code with the forwarder but the device's
/// descriptor; its inspection alone knows the daemon's probes.
/// </remarks>
internal sealed class StockPeer : IDisposable
{
    private const string Device = "flannel0";
    private const int TimeToLiveOffset = 8, ChecksumOffset = 10, DestinationOffset = 16, TotalLengthOffset = 2;

    private readonly int _mtu;
    private readonly TunDevice _tun;
    private readonly Socket _socket;
    private readonly byte[] _read;
    private readonly PinnedSlab _write;
    private readonly IoVectors _written;
    private readonly EventSignal _stop = new();
    private readonly List<(uint Subnet, uint Mask, IPEndPoint NextHop)> _routes;
    private readonly ConcurrentQueue<string> _oddities = new();
    private readonly Thread _outbound;
    private readonly Thread _inbound;
    private long _received;

    /// <summary>Creates device and socket in the host's namespace, configures them as stock does, and starts.</summary>
    /// <param name="ip">Configures the device.</param>
    /// <param name="host">Where it runs.</param>
    /// <param name="subnet">Its lease.</param>
    /// <param name="routes">The other leases: <c>10.244.1.0/24</c> and where it is.</param>
    internal StockPeer(
        IpCommand ip, HostPlan host, SubnetFacts subnet, IEnumerable<(string Subnet, IPAddress PublicIp)> routes)
    {
        _mtu = subnet.Mtu;
        _read = new byte[_mtu];
        _write = new PinnedSlab(_mtu);
        _written = new IoVectors(_write, 1);
        _routes = [];
        foreach ((string text, IPAddress publicIp) in routes)
        {
            var network = IPNetwork.Parse(text);
            uint mask = uint.MaxValue << (32 - network.PrefixLength);
            _routes.Add((ToNumber(network.BaseAddress), mask, new IPEndPoint(publicIp, TestLab.Port)));
        }

        _tun = LabNamespace.Run(host.HostNamespace, () => TunDevice.Create(Device));
        ip.Batch(
            host.HostNamespace,
            [
                $"addr add {subnet.Network}/32 dev {Device}",
                $"link set {Device} mtu {_mtu} up",
                $"route add 10.244.0.0/16 dev {Device} scope global proto boot",
            ]);
        _socket = NamespaceSocket.Udp(host.HostNamespace);
        _socket.Bind(new IPEndPoint(host.UnderlayAddress, TestLab.Port));
        _outbound = new Thread(RunOutbound) { IsBackground = true, Name = "stock-out" };
        _inbound = new Thread(RunInbound) { IsBackground = true, Name = "stock-in" };
        _outbound.Start();
        _inbound.Start();
    }

    /// <summary>Starts a daemon on the first host of a lab, and this on the second; each has a pod.</summary>
    /// <param name="lab">With two hosts.</param>
    /// <param name="prefix">The second host's subnet: <c>10.244.77.0/24</c>.</param>
    /// <param name="mtu">Of the second host's device, in bytes.</param>
    /// <param name="extra">More arguments for the daemon.</param>
    internal static StockPeer BringUp(TestLab lab, string prefix, int mtu, params IReadOnlyList<string> extra)
    {
        lab.WriteLease(prefix, lab.Host(2).UnderlayAddress.ToString());
        _ = lab.BringUp([1], _ => extra);
        string gateway = prefix.Replace(".0/", ".1/", StringComparison.Ordinal);
        var subnet = SubnetFacts.Parse($"FLANNEL_SUBNET={gateway}\nFLANNEL_MTU={mtu}\n");
        var stock = new StockPeer(lab.Ip, lab.Host(2), subnet, [(lab.Subnet(1).Subnet, lab.Host(1).UnderlayAddress)]);
        try
        {
            lab.AttachPod(2, subnet);
            lab.AwaitPath(1, 2);
            return stock;
        }
        catch
        {
            stock.Dispose();
            throw;
        }
    }

    /// <summary>Datagrams received.</summary>
    internal long Received => Interlocked.Read(ref _received);

    /// <summary>
    /// Datagrams that were not exactly one whole IPv4 packet from a peer's published address and port 8285.
    /// </summary>
    internal IReadOnlyCollection<string> Oddities => _oddities;

    public void Dispose()
    {
        _stop.Set();
        _socket.Dispose();
        _outbound.Join();
        _inbound.Join();
        _tun.Dispose();
        _written.Dispose();
        _write.Dispose();
        _stop.Dispose();
    }

    /// <summary>Stock's step: 0x0100 is added in one's complement; what would be 0xFFFF is written as 0.</summary>
    private static bool TakeOneHop(Span<byte> packet)
    {
        if (--packet[TimeToLiveOffset] == 0)
        {
            return false;
        }

        uint sum = BinaryPrimitives.ReadUInt16BigEndian(packet[ChecksumOffset..]) + 0x0100u;
        if (sum >= 0xffff)
        {
            sum++;
        }

        BinaryPrimitives.WriteUInt16BigEndian(packet[ChecksumOffset..], (ushort)sum);
        return true;
    }

    private static uint ToNumber(IPAddress address) => BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());

    private void RunOutbound()
    {
        while (!_stop.IsSet)
        {
            SyscallResult read = _tun.Queues[0].Read(_read);
            if (read.Errno == Errno.EAGAIN)
            {
                _ = Readiness.WaitReadable(_stop, _tun.Queues[0].Descriptor);
                continue;
            }

            if (!read.Succeeded)
            {
                return;
            }

            Span<byte> packet = _read.AsSpan(0, read.Count);
            if (packet.Length < 20)
            {
                continue;
            }

            uint destination = BinaryPrimitives.ReadUInt32BigEndian(packet[DestinationOffset..]);
            int route = _routes.FindIndex(route => (destination & route.Mask) == route.Subnet);
            if (route >= 0 && TakeOneHop(packet))
            {
                try
                {
                    _ = _socket.SendTo(packet, _routes[route].NextHop);
                }
                catch (Exception problem) when (problem is SocketException or ObjectDisposedException)
                {
                    // Stock loses the packet and goes on; the end of the test is seen by the loop.
                }
            }
        }
    }

    private void RunInbound()
    {
        byte[] buffer = new byte[_mtu];
        EndPoint source = new IPEndPoint(IPAddress.Any, 0);
        while (!_stop.IsSet)
        {
            int length;
            try
            {
                length = _socket.ReceiveFrom(buffer, ref source);
            }
            catch (Exception problem) when (problem is SocketException or ObjectDisposedException)
            {
                if (_stop.IsSet)
                {
                    return;
                }

                _oddities.Enqueue(problem.Message); // a datagram longer than the buffer, for one
                continue;
            }

            Span<byte> packet = buffer.AsSpan(0, length);
            _ = Interlocked.Increment(ref _received);
            Inspect(packet, (IPEndPoint)source);
            if (length >= 20 && TakeOneHop(packet))
            {
                packet.CopyTo(_write.Slice(0, packet.Length));
                _written.Clear();
                _written.Add(0, packet.Length);
                _ = _tun.Queues[0].Write(_written);
            }
        }
    }

    // Not stock's: what the test wants to know about the datagrams of the daemon. Its probes, which are for kernels,
    // come from another port.
    private void Inspect(ReadOnlySpan<byte> datagram, IPEndPoint source)
    {
        if (PeerProbe.IsProbe(datagram))
        {
            return;
        }

        if (datagram.Length < 20 || datagram[0] >> 4 != 4 || !_routes.Exists(route => route.NextHop.Equals(source))
            || BinaryPrimitives.ReadUInt16BigEndian(datagram[TotalLengthOffset..]) != datagram.Length)
        {
            string start = Convert.ToHexString(datagram[..Math.Min(24, datagram.Length)]);
            _oddities.Enqueue($"from {source}, {datagram.Length} bytes: {start}");
        }
    }
}
