using System;
using System.Collections.Generic;

namespace Overlay.Firewall;

/// <summary>A chain of flannel's in nftables.</summary>
/// <param name="Name">The chain.</param>
/// <param name="Type">Its type, as nft takes and prints it.</param>
/// <param name="Comment">Flannel's.</param>
/// <param name="Rules">As nft prints them.</param>
/// <param name="IsFlannels">Whether a rule has the form of one that a daemon makes there for its network.</param>
public sealed record NftChain(
    string Name, string Type, string Comment, IReadOnlyList<string> Rules, Func<string, bool> IsFlannels);
