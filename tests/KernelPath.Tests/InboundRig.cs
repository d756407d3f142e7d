using System;
using Overlay.KernelPath.Maps;
using Overlay.KernelPath.Programs;
using Overlay.Linux.Bpf;
using Overlay.Net;
using Overlay.Router.Packets;
using Overlay.Testing;

namespace Overlay.KernelPath.Tests;

/// <summary>The decapsulating program with its maps, on no interface: it is run on single frames.</summary>
internal sealed class InboundRig : IDisposable
{
    /// <summary>Of the tunnel, in bytes.</summary>
    internal const int TunnelMtu = 1400;

    private readonly BpfProgram _program;

    /// <summary>Loads it.</summary>
    /// <param name="subnetLength">Of the network's subnets, as a rule.</param>
    /// <param name="points">Where it delivers to; nothing is sent there.</param>
    internal InboundRig(int subnetLength = 24, DeliveryPoints? points = null)
    {
        Needs.Root("bpf(2)");
        Maps = KernelMaps.Create(RouteIndex.Of(RandomPackets.Network, subnetLength)!);
        Slots = new PeerSlots(Maps);
        _program = BpfProgram.Load(
            "overlay_in", DecapsulationProgram.Write(Maps, Own, TunnelMtu, points ?? new DeliveryPoints(1, 1, 1)));
    }

    /// <summary>The host that receives.</summary>
    internal static TunnelEndpoint Own { get; } = new(Ipv4Address.Parse("192.168.0.34"), 8285);

    internal KernelMaps Maps { get; }

    internal PeerSlots Slots { get; }

    /// <summary>What the program makes of one frame.</summary>
    internal BpfRun Run(ReadOnlySpan<byte> frame) => _program.Run(frame);

    public void Dispose()
    {
        _program.Dispose();
        Maps.Dispose();
    }
}
