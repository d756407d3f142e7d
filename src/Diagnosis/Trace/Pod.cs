using System.Collections.Generic;
using System.IO;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Diagnosis.Trace;

/// <summary>A pod: a namespace behind a veth pair of a host.</summary>
/// <param name="Addresses">IPv4, of its interface; one or more.</param>
/// <param name="Place">Its namespace.</param>
/// <param name="File">The same, as it was found.</param>
/// <param name="Inside">Its interface.</param>
/// <param name="Veth">The other end, on the host.</param>
/// <param name="Bridge">The bridge that this is a port of; null for none.</param>
internal sealed record Pod(
    IReadOnlyList<Ipv4Address> Addresses, NetworkNamespace Place, NamespaceFile File, Link Inside, Link Veth,
    Link? Bridge)
{
    /// <summary>How people find the namespace: its name, or a process in it.</summary>
    internal string PlaceName => File.Path.StartsWith("/proc/", System.StringComparison.Ordinal)
        ? $"process {File.Path.Split('/')[2]}"
        : $"netns {Path.GetFileName(File.Path)}";
}
