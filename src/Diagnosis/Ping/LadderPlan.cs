using System;
using Overlay.Net;

namespace Overlay.Diagnosis.Ping;

/// <summary>What is known before anything is sent.</summary>
/// <param name="Target">Whom.</param>
/// <param name="Backend">Of this host: <c>udp</c>, <c>vxlan</c>, <c>host-gw</c>.</param>
/// <param name="Port">The UDP port of the peer's daemon, or of VXLAN; null where the backend has none.</param>
/// <param name="Own">The address that peers know this host by; null when nobody tells.</param>
/// <param name="Mtu">Of the pods' interfaces, in bytes; null when nobody tells.</param>
/// <param name="Patience">How long an answer may take.</param>
internal sealed record LadderPlan(
    PingTarget Target, string Backend, ushort? Port, Ipv4Address? Own, int? Mtu, TimeSpan Patience)
{
    /// <summary>Whether a daemon in user space listens at the port: VXLAN's is the kernel's.</summary>
    internal bool IsAnswered => Backend == "udp";

    /// <summary>Bytes that the backend puts around a packet (RFC 768, RFC 7348).</summary>
    internal int Overhead => Backend switch { "udp" => 28, "vxlan" => 50, _ => 0 };
}
