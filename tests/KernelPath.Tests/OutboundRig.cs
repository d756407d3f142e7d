using System;
using Overlay.KernelPath.Maps;
using Overlay.KernelPath.Programs;
using Overlay.Linux;
using Overlay.Linux.Bpf;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Testing;

namespace Overlay.KernelPath.Tests;

/// <summary>
/// The encapsulating program where it belongs: at the egress of a TUN. A packet that is sent there comes out at the
/// far end of the wire, or can be read from the TUN.
/// </summary>
/// <remarks>
/// BPF_PROG_TEST_RUN gives a program a frame with a link header, which a TUN's packets do not have, so that the real
/// hook is the only one that shows what leaves.
/// </remarks>
internal sealed class OutboundRig : IDisposable
{
    private readonly TestHost _far;
    private readonly BpfProgram _program;
    private readonly BpfLink _link;
    private readonly PacketInjector _injector;
    private readonly PacketSocket _capture;
    private readonly byte[] _buffer = new byte[1 << 16];

    internal OutboundRig(int subnetLength)
    {
        Needs.Root("makes network namespaces, bpf(2)");
        (Host, _far) = TestHost.Pair(Ipv4Address.Parse("192.168.0.34"), default);
        Maps = KernelMaps.Create(RouteIndex.Of(RandomPackets.Network, subnetLength)!);
        Slots = new PeerSlots(Maps);
        _program = BpfProgram.Load(
            "overlay_out", EncapsulationProgram.Write(Maps, Host.Own, Host.WireIndex));
        _link = Host.Namespace.Run(() => BpfLink.Attach(_program, Host.TunnelIndex, BpfAttachPoint.Egress));
        _injector = Host.InjectIntoTunnel();
        _capture = _far.Capture(_far.WireIndex);
        Host.Netlink.AddRoute(new Ipv4Prefix(Ipv4Address.Parse("10.5.7.7"), 32), Host.WireIndex);
        foreach (Ipv4Address host in RandomPackets.Hosts)
        {
            Host.Netlink.SetNeighbour(new Neighbour(Host.WireIndex, host, _far.WireMac));
        }
    }

    internal TestHost Host { get; }

    internal KernelMaps Maps { get; }

    internal PeerSlots Slots { get; }

    /// <summary>Sends one packet out of the tunnel.</summary>
    /// <returns>The frame that left by the wire, or the packet as user space reads it.</returns>
    internal (bool HasLeft, byte[] Bytes) Send(byte[] packet)
    {
        _injector.Send(packet);
        return TestHost.Await(() => ReadTunnel() ?? ReadWire(), "a packet vanished").Value;
    }

    public void Dispose()
    {
        _link.Dispose();
        _program.Dispose();
        Maps.Dispose();
        Host.Dispose();
        _far.Dispose();
    }

    private Answer? ReadTunnel() =>
        Host.Tunnel.Read(_buffer) is { Succeeded: true } read ? new Answer((false, _buffer[..read.Count])) : null;

    // Neighbour discovery comes by as well.
    private Answer? ReadWire() =>
        _capture.TryReceive(_buffer, TimeSpan.Zero, out int length, out _)
            && length >= Frames.HeaderBytes && _buffer[12] == 8 && _buffer[13] == 0
            ? new Answer((true, _buffer[..length])) : null;

    private sealed record Answer((bool HasLeft, byte[] Bytes) Value);
}
