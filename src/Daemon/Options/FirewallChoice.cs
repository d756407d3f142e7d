using System;

namespace Overlay.Daemon.Options;

/// <summary>Which firewall rules are asked for, in flannel's words.</summary>
/// <param name="Masquerade">Whether what leaves the overlay is given this host's address.</param>
/// <param name="Forward">Whether the overlay's packets are let through FORWARD.</param>
/// <param name="RandomFully">Whether masquerading chooses ports at random, where the host's tools can ask for
/// that.</param>
/// <param name="Resync">How often the rules are looked at, whatever is heard.</param>
internal sealed record FirewallChoice(bool Masquerade, bool Forward, bool RandomFully, TimeSpan Resync);
