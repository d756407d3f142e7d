using System.Collections.Generic;

namespace Overlay.Firewall;

/// <summary>A chain of iptables.</summary>
/// <param name="Policy">ACCEPT or DROP; "-" for a chain that no hook leads to.</param>
/// <param name="Rules">In their order, without <c>-A CHAIN</c>.</param>
public sealed record IptablesChain(string Policy, IReadOnlyList<string> Rules);
