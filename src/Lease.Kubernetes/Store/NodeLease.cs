using System;
using System.Linq;
using Overlay.Lease.Judging;
using Overlay.Lease.Kubernetes.Nodes;
using Overlay.Net;

namespace Overlay.Lease.Kubernetes.Store;

/// <summary>
/// A node as the lease that its annotations and its podCIDR make (flannel pkg/subnet/kube/kube.go nodeToLease).
/// </summary>
/// <param name="name">Of the node.</param>
internal sealed class NodeLease(string name) : StoredLease(name)
{
    /// <summary>Makes it.</summary>
    /// <param name="node">One that is managed.</param>
    /// <param name="config">Which subnets there can be.</param>
    /// <param name="own">What this host publishes, when it is its own node; null for others'.</param>
    /// <param name="before">The version before; null for none.</param>
    internal static NodeLease Of(NodeRecord node, NetworkConfig config, OwnNode? own, NodeLease? before)
    {
        if (!TryFindSubnet(node, config, out Ipv4Prefix subnet, out string? fault))
        {
            return new NodeLease(node.Name) { Created = node.Created, Defect = fault };
        }

        try
        {
            LeaseAttributes attributes = AttributesOf(node.Annotations);
            return new NodeLease(node.Name)
            {
                Created = node.Created,
                Lease = LeaseOf(subnet, own?.Recognize(node.Annotations, attributes) ?? attributes),
            };
        }
        catch (FormatException problem)
        {
            // What the host published before still leads to it.
            return new NodeLease(node.Name)
            {
                Created = node.Created,
                Lease = before?.Lease is { } known && known.Subnet == subnet && before.Created == node.Created
                    ? known
                    : null,
                Defect = $"{problem.Message}; start the daemon of that node again, which writes it anew",
            };
        }
    }

    /// <summary>It lasts as long as the node.</summary>
    internal static SubnetLease LeaseOf(Ipv4Prefix subnet, LeaseAttributes attributes) =>
        new(subnet, attributes, DateTimeOffset.MaxValue) { IsEndedByStore = true };

    /// <summary>Finds the subnet of a node.</summary>
    /// <param name="node">Its podCIDRs are one prefix, or one of each family.</param>
    /// <param name="config">Which subnets there can be.</param>
    /// <param name="subnet">Without host bits.</param>
    /// <param name="fault">In stock's words, with the remedy; null when there is a subnet.</param>
    internal static bool TryFindSubnet(NodeRecord node, NetworkConfig config, out Ipv4Prefix subnet, out string? fault)
    {
        subnet = default;
        string[] cidrs = node.PodCidrs;
        if (cidrs.Length == 0)
        {
            fault = $"{NotAssigned(node.Name)}; run kube-controller-manager with --allocate-node-cidrs=true and "
                + $"--cluster-cidr={config.Network}";
            return false;
        }

        if (cidrs.Length > 2)
        {
            fault = $"node \"{node.Name}\" has {cidrs.Length} podCIDRs ({OneLine.Shorten(node.PodCidr)}); one of each "
                + "family is what there can be: correct --cluster-cidr of kube-controller-manager";
            return false;
        }

        foreach (string cidr in cidrs)
        {
            if (Ipv4Prefix.TryParse(cidr, out Ipv4Prefix found))
            {
                subnet = found.Masked();
                bool isInside = config.Network.Contains(subnet);
                fault = isInside ? null
                    : $"subnet \"{config.Network}\" specified in the flannel net config doesn't contain \"{cidr}\" "
                        + $"PodCIDR of the \"{node.Name}\" node; give Network and --cluster-cidr of "
                        + "kube-controller-manager the same prefix";
                return isInside;
            }
        }

        bool isAddress = cidrs.All(cidr => Ipv6Prefix.TryParse(cidr, out _));
        fault = isAddress
            ? $"node \"{node.Name}\" has no IPv4 podCIDR ({OneLine.Shorten(node.PodCidr)}); give "
                + "kube-controller-manager an IPv4 prefix in --cluster-cidr, too"
            : $"node \"{node.Name}\" has the podCIDR '{OneLine.Shorten(node.PodCidr)}', which is no prefix; delete the "
                + "node and have it registered again";
        return false;
    }

    /// <summary>Stock's words for a node that has no podCIDR.</summary>
    internal static string NotAssigned(string node) => $"node \"{node}\" pod cidr not assigned";

    /// <exception cref="FormatException">A value cannot be read; the message names it.</exception>
    private static LeaseAttributes AttributesOf(NodeAnnotations annotations)
    {
        string address = annotations.PublicIp ?? "";
        if (!Ipv4Address.TryParse(address, out Ipv4Address publicIp))
        {
            throw new FormatException(
                $"its {AnnotationKeys.PublicIpSuffix} '{OneLine.Shorten(address)}' is no address");
        }

        try
        {
            return new LeaseAttributes(publicIp)
            {
                PublicIpv6 = Ipv6Address.TryParse(annotations.PublicIpv6, out Ipv6Address v6) ? v6 : null,
                Backend = new BackendLeaseData(
                    annotations.Type ?? "", NullIfEmpty(annotations.Data), NullIfEmpty(annotations.V6Data)),
            };
        }
        catch (ArgumentException problem)
        {
            throw new FormatException(
                $"its {AnnotationKeys.DataSuffix} '{OneLine.Shorten($"{annotations.Data}")}' is not JSON", problem);
        }
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
