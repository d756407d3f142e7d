using Overlay.Router.Forwarding;

namespace Overlay.Daemon.Cli;

/// <summary>What <c>overlay run</c> was asked to do; each value is valid by itself.</summary>
/// <param name="LeaseDirectory">The directory behind <c>--lease-store file:DIR</c>.</param>
/// <param name="Interface">An interface's name or one of its IPv4 addresses; null for the default route's.</param>
/// <param name="PublicIp">The address published in the lease, host order; null for the interface's.</param>
/// <param name="SubnetFile">Where subnet.env goes.</param>
/// <param name="RunDirectory">Lock and counters socket.</param>
/// <param name="Mtu">The tunnel's MTU in bytes; null for the interface's less 28.</param>
/// <param name="Port">UDP port; null for the network config's.</param>
/// <param name="SourceCheck">How much an inbound datagram has to prove.</param>
/// <param name="Engine">How packets cross into the kernel and out of it.</param>
internal sealed record RunOptions(
    string LeaseDirectory,
    string? Interface,
    uint? PublicIp,
    string SubnetFile,
    string RunDirectory,
    int? Mtu,
    int? Port,
    SourceCheck SourceCheck,
    Engine Engine);

/// <summary>How packets cross into the kernel and out of it.</summary>
internal enum Engine
{
    /// <summary>One packet a system call, as stock flannel does it.</summary>
    Classic,
}
