using System.Collections.Generic;
using Overlay.Lease.Kubernetes.Nodes;

namespace Overlay.Lease.Kubernetes.Store;

/// <summary>This host's node, and what this host last wanted it to say. Immutable.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Published">What the lease publishes; its public address is the one this host goes by.</param>
/// <param name="Keys">The annotations' names.</param>
internal sealed record OwnNode(string Name, LeaseAttributes Published, AnnotationKeys Keys)
{
    /// <summary>
    /// What the annotations say, seen from this host: peers send to the address of an overwrite, and the host that they
    /// reach by it is the one that goes by another.
    /// </summary>
    /// <returns>The attributes with the address that this host goes by, where the node shows what it should; otherwise
    /// as they are, which is another's.</returns>
    internal LeaseAttributes Recognize(NodeAnnotations annotations, LeaseAttributes found) =>
        annotations.PublicIp == NodePatch.PublicIpOf(annotations, Published.PublicIp)
            ? found with { PublicIp = Published.PublicIp }
            : found;

    /// <summary>What the node does not say as it should; none when it does.</summary>
    internal IReadOnlyList<(string Key, string Value)> Differences(NodeAnnotations annotations) =>
        NodePatch.Differences(Keys, annotations, Published);
}
