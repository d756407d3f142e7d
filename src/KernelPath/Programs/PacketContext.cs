namespace Overlay.KernelPath.Programs;

/// <summary>Offsets in what a program is told of a packet (struct __sk_buff, linux/bpf.h).</summary>
internal static class PacketContext
{
    internal const int Length = 0;
    internal const int PacketType = 4;
    internal const int Protocol = 16;
    internal const int VlanPresent = 20;
    internal const int InterfaceIndex = 40;
    internal const int Data = 76;
    internal const int DataEnd = 80;
    internal const int SegmentBytes = 176; // gso_size: of a superpacket's segments; 0 for a single packet
}

/// <summary>What a program answers (linux/pkt_cls.h, linux/bpf.h).</summary>
internal static class Verdict
{
    /// <summary>Whoever comes next may look at it; in the end it goes its ordinary way, which leads to user space
    /// (TCX_NEXT).</summary>
    internal const int Next = -1;

    /// <summary>It ends here: dropped, or used up, which tcx does not tell apart (TCX_DROP).</summary>
    internal const int Drop = 2;

    /// <summary>What redirecting helpers return: it goes on where they said (TC_ACT_REDIRECT).</summary>
    internal const int Redirect = 7;
}

/// <summary>Arguments of the kernel's functions (linux/bpf.h, linux/if_packet.h).</summary>
internal static class HelperArguments
{
    internal const int PacketToHost = 0;       // PACKET_HOST
    internal const int ToIngress = 1;          // BPF_F_INGRESS
    internal const int RoomBehindNetwork = 0;  // BPF_ADJ_ROOM_NET
    internal const int RoomBehindEthernet = 1; // BPF_ADJ_ROOM_MAC
    internal const int FixedSegments = 1;      // BPF_F_ADJ_ROOM_FIXED_GSO
    internal const int EncapsulatesIpv4 = 2;   // BPF_F_ADJ_ROOM_ENCAP_L3_IPV4
    internal const int EncapsulatesUdp = 16;   // BPF_F_ADJ_ROOM_ENCAP_L4_UDP
}
