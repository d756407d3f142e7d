using System.Collections.Generic;

namespace Overlay.Daemon.Firewall;

/// <summary>A chain of iptables.</summary>
/// <param name="Policy">ACCEPT or DROP; "-" for a chain that no hook leads to.</param>
/// <param name="Rules">In their order, without <c>-A CHAIN</c>.</param>
internal sealed record IptablesChain(string Policy, IReadOnlyList<string> Rules);
