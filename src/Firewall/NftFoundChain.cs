using System.Collections.Generic;

namespace Overlay.Firewall;

/// <summary>A chain as nft prints it.</summary>
/// <param name="Type">The line with type, hook, priority and policy; empty for a chain without a hook.</param>
/// <param name="Rules">A line each.</param>
public sealed record NftFoundChain(string Type, IReadOnlyList<string> Rules);
