using Overlay.Firewall;

namespace Overlay.Doctor.Facts;

/// <summary>One kind of iptables on a host.</summary>
/// <param name="Tool">As it is typed.</param>
/// <param name="IsOlder">Whether it has tables of its own in the kernel, and is not over nftables.</param>
/// <param name="Listing">Its tables.</param>
internal sealed record IptablesFacts(string Tool, bool IsOlder, IptablesListing Listing);
