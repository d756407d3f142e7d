using System;

namespace Overlay.Lease.Kubernetes.Nodes;

/// <summary>
/// What is kept of a node. The whole object has some 20 KB, and changes each time the kubelet reports; of this the most
/// is the same each time.
/// </summary>
/// <param name="Name">Its name in the cluster.</param>
/// <param name="Uid">Another one when a node is made anew under the name.</param>
/// <param name="Created">When it was made, in seconds since 1970; 0 when that is not known.</param>
/// <param name="Annotations">Those of our prefix.</param>
/// <param name="PodCidr">The prefixes of its pods, separated by commas; empty while it has none.</param>
internal sealed record NodeRecord(
    string Name, string Uid, long Created, NodeAnnotations Annotations, string PodCidr)
{
    /// <summary>The prefixes one by one.</summary>
    internal string[] PodCidrs => PodCidr.Split(',', StringSplitOptions.RemoveEmptyEntries);
}
