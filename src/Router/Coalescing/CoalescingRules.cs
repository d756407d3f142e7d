namespace Overlay.Router.Coalescing;

/// <summary>What the kernel behind the TUN takes merged.</summary>
/// <param name="MergesTcp">TCP superpackets: TUN_F_TSO4.</param>
/// <param name="MergesUdp">UDP superpackets: TUN_F_USO4, Linux 6.2 and later.</param>
/// <param name="SparesTunnelPorts">
/// UDP from or to a well-known tunnel port stays as it is: before 6.8.5 a kernel tunnel loses a UDP superpacket that enters it
/// (Linux commit 3d010c8031e3).
/// </param>
internal readonly record struct CoalescingRules(bool MergesTcp, bool MergesUdp, bool SparesTunnelPorts);
