using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Lab;
using Overlay.Capture.Packets;

namespace Overlay.Demo;

/// <summary>One of the backends that the demo can show, and what it must come to with it.</summary>
/// <param name="Type">As in the network config.</param>
/// <param name="Json">The network config's Backend.</param>
/// <param name="Device">The interface into the tunnel; null where there is none.</param>
/// <param name="Endpoint">What packets leave the host through, for the picture.</param>
/// <param name="Cable">What is on the wire, for the picture.</param>
/// <param name="LeaseEnd">How a lease's value goes on after its addresses, as flannel writes it.</param>
internal sealed record DemoBackend(
    string Type, string Json, string? Device, string Endpoint, string Cable, string LeaseEnd)
{
    /// <summary>The whole overlay of the demo.</summary>
    internal const string Network = "10.244.0.0/16";

    private const int FirstTimeToLive = 64;

    /// <summary>Whether packets go through the daemon, which steps their time to live as a router does.</summary>
    internal bool IsThroughDaemon { get; init; }

    /// <summary>What is around the pod's packet.</summary>
    internal Encapsulation Encapsulation { get; init; }

    /// <summary>64, less two forwarding hosts and, where they are on the way, two daemons.</summary>
    internal int ExpectedReplyTtl => FirstTimeToLive - (IsThroughDaemon ? 4 : 2);

    /// <summary>64, less the sending host and, where it is on the way, its daemon.</summary>
    internal int ExpectedInnerTtl => FirstTimeToLive - (IsThroughDaemon ? 2 : 1);

    /// <summary>The wire's MTU less what is around a packet.</summary>
    internal int ExpectedMtu => Encapsulation == Encapsulation.None
        ? LabPlan.WireMtu
        : LabPlan.WireMtu - Ipv4Header.MinimumBytes - UdpHeader.HeaderBytes - AroundBytes;

    /// <summary>UDP's header, and what is inside: an IPv4 header, an ICMP header and 56 bytes.</summary>
    internal int ExpectedUdpLength => UdpHeader.HeaderBytes + AroundBytes + Ipv4Header.MinimumBytes
        + IcmpMessage.HeaderBytes + Pinger.DataBytes;

    // Between the UDP header and the pod's packet.
    private int AroundBytes =>
        Encapsulation == Encapsulation.Vxlan ? VxlanHeader.Length + LinkHeader.EthernetBytes : 0;

    /// <summary>The network config.</summary>
    internal string NetworkConfig => $$"""{"Network":"{{Network}}","Backend":{{Json}}}""";

    /// <summary>flannel's udp.</summary>
    internal static DemoBackend Udp { get; } =
        new("udp", """{"Type":"udp","Port":8285}""", "flannel0", "overlay", "UDP 8285", "}")
        {
            IsThroughDaemon = true,
            Encapsulation = Encapsulation.Udp,
        };

    /// <summary>flannel's host-gw.</summary>
    internal static DemoBackend HostGw { get; } = new(
        "host-gw", """{"Type":"host-gw"}""", Device: null, "eth0", "Ethernet", ""","BackendType":"host-gw"}""");

    /// <summary>flannel's vxlan.</summary>
    internal static DemoBackend Vxlan { get; } = new(
        "vxlan", """{"Type":"vxlan"}""", "flannel.1", "eth0", "VXLAN 8472",
        ""","BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":""")
    {
        Encapsulation = Encapsulation.Vxlan,
    };

    /// <summary>All, the default first.</summary>
    internal static IReadOnlyList<DemoBackend> All { get; } = [Udp, Vxlan, HostGw];

    /// <summary>Their types, as an option's help names them.</summary>
    internal static string Names(string separator) => string.Join(separator, All.Select(backend => backend.Type));

    /// <summary>The one of a type; null for none.</summary>
    internal static DemoBackend? Find(string type) =>
        All.FirstOrDefault(backend => backend.Type.Equals(type, StringComparison.Ordinal));

    /// <summary>Whether a lease's value is as flannel's backend of this type writes it.</summary>
    internal bool IsLease(string? value, string publicIp) => value?.StartsWith(
        $$"""{"PublicIP":"{{publicIp}}","PublicIPv6":null""" + LeaseEnd, StringComparison.Ordinal) == true;
}
