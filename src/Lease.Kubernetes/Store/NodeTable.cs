using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Overlay.Lease.Judging;
using Overlay.Lease.Kubernetes.Nodes;
using Overlay.Net;

namespace Overlay.Lease.Kubernetes.Store;

/// <summary>
/// All nodes and the leases that they make, kept up to date event by event. What of a node is no lease's, the kubelet's
/// reports above all, changes nothing here. For one thread at a time.
/// </summary>
/// <param name="config">Which leases count.</param>
/// <param name="own">This host's node, as far as it is known by now.</param>
/// <param name="warn">Gets one line for each node passed over.</param>
internal sealed class NodeTable(NetworkConfig config, Func<OwnNode?> own, Action<string> warn)
{
    /// <summary>What an entry is called, for messages.</summary>
    internal const string Noun = "node";

    private readonly Dictionary<string, NodeRecord> _nodes = new(StringComparer.Ordinal);
    private readonly LeaseLedger _ledger = new(
        config, Noun, fault => warn($"the node {fault.Stored.Name} {fault.Text}"));

    private OwnNode? _ownAsJudged;
    private LeaseUpdate? _question;
    private NodeRecord? _questioned;

    /// <summary>Where in the cluster's history this is; empty before the first listing.</summary>
    internal string ResourceVersion { get; private set; } = "";

    /// <summary>As a number for a metric; null when it is none.</summary>
    internal long? Revision =>
        long.TryParse(ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : null;

    /// <summary>All leases that count.</summary>
    internal LeaseUpdate.Snapshot Snapshot() =>
        new([.. _ledger.Counting.Values.Select(stored => stored.Lease).OfType<SubnetLease>()
            .OrderBy(lease => lease.Subnet.Address)]);

    /// <summary>Whether a listing is without this host's own node, though that was there.</summary>
    internal bool IsStrange(IReadOnlyList<NodeRecord> listed) =>
        own() is { } mine && _nodes.ContainsKey(mine.Name) && listed.All(node => node.Name != mine.Name);

    /// <summary>Takes in a whole listing.</summary>
    /// <returns>What it changes.</returns>
    internal IReadOnlyList<LeaseChange> Apply(IReadOnlyList<NodeRecord> listed, string version)
    {
        List<(string Name, StoredLease? Stored)> touched = [];
        HashSet<string> names = new(listed.Count, StringComparer.Ordinal);
        foreach (NodeRecord node in listed)
        {
            names.Add(node.Name);
            Put(node, touched);
        }

        foreach (string gone in _nodes.Keys.Where(name => !names.Contains(name)).ToArray())
        {
            Remove(gone, touched);
        }

        ResourceVersion = version;
        return Apply(touched);
    }

    /// <summary>Takes in events, none of them an error.</summary>
    /// <returns>What they change.</returns>
    internal IReadOnlyList<LeaseChange> Apply(IEnumerable<NodeEvent> events)
    {
        List<(string Name, StoredLease? Stored)> touched = [];
        foreach (NodeEvent each in events)
        {
            if (each.Node is { } node)
            {
                if (each.Kind == NodeEventKind.Removed)
                {
                    Remove(node.Name, touched);
                }
                else
                {
                    Put(node, touched);
                }
            }

            ResourceVersion = each.ResourceVersion.Length > 0 ? each.ResourceVersion : ResourceVersion;
        }

        return Apply(touched);
    }

    /// <summary>What is to be told about the own lease, once.</summary>
    internal LeaseUpdate? TakeQuestion()
    {
        LeaseUpdate? question = _question;
        _question = null;
        return question;
    }

    private void Put(NodeRecord node, List<(string Name, StoredLease? Stored)> touched)
    {
        if (_nodes.TryGetValue(node.Name, out NodeRecord? known) && known == node)
        {
            return;
        }

        _nodes[node.Name] = node;
        touched.Add((node.Name, Judge(node)));
    }

    private void Remove(string name, List<(string Name, StoredLease? Stored)> touched)
    {
        if (_nodes.Remove(name))
        {
            touched.Add((name, null));
        }
    }

    private NodeLease? Judge(NodeRecord node)
    {
        OwnNode? mine = own() is { } known && known.Name == node.Name ? known : null;
        return node.Annotations.IsManaged
            ? NodeLease.Of(node, config, mine, _ledger.Stored.GetValueOrDefault(node.Name) as NodeLease)
            : null;
    }

    private IReadOnlyList<LeaseChange> Apply(List<(string Name, StoredLease? Stored)> touched)
    {
        // What this host wants its node to say is known later than the node, or is another by now.
        OwnNode? mine = own();
        NodeRecord? node = mine is null ? null : _nodes.GetValueOrDefault(mine.Name);
        if (mine != _ownAsJudged)
        {
            _ownAsJudged = mine;
            if (node is not null && !touched.Exists(each => each.Name == node.Name))
            {
                touched.Add((node.Name, Judge(node)));
            }
        }

        Question(mine, node);
        return touched.Count == 0 ? [] : _ledger.Apply(touched);
    }

    private void Question(OwnNode? mine, NodeRecord? node)
    {
        if (mine is null || node is null || node == _questioned)
        {
            return;
        }

        _questioned = node;
        if (node.Annotations.Named is { } named && named != mine.Published.PublicIp.ToString()
            && Ipv4Address.TryParse(named, out _))
        {
            _question = new LeaseUpdate.HostChanged(
                $"the annotation {mine.Keys.NodePublicIp} of the node {mine.Name} is {named} in place of "
                    + $"{mine.Published.PublicIp}");
        }
        else if (mine.Differences(node.Annotations) is [(var key, _), ..])
        {
            _question = new LeaseUpdate.OwnInQuestion(
                $"the annotation {key} of the node {mine.Name} is not what this host has written");
        }
    }
}
