using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;

namespace Overlay.Daemon.Lab;

/// <summary>The names and addresses of one lab: pretend hosts on a private wire, one pod behind each.</summary>
/// <remarks>
/// Pure. Two labs with different prefixes and directories share nothing, because every address lives inside a namespace
/// that carries the prefix.
/// <code>
/// PREFIX-p1            PREFIX-h1                        PREFIX-wire                       PREFIX-h2           
/// PREFIX-p2
/// eth0 ──veth── cni0, flannel0, eth0 172.16.0.5 ──veth── bridge ──veth── eth0 172.16.0.4, flannel0, cni0 ──veth── eth0
/// </code>
/// Two hosts can do without the bridge: their eth0 are then the two ends of one veth pair.
/// </remarks>
internal sealed class LabPlan
{
    internal const int MinimumHosts = 2, MaximumHosts = 20;

    /// <summary>The wire's MTU in bytes: an ordinary Ethernet.</summary>
    internal const int WireMtu = 1500;

    /// <summary>The prefix length of the wire's addresses.</summary>
    internal const int UnderlayPrefixLength = 24;

    /// <summary>The address of the wire's bridge in a lab that has something on the wire beside its hosts.</summary>
    internal const string WireAddress = "172.16.0.1";

    /// <summary>Draws up a lab; nothing is created.</summary>
    /// <param name="prefix">What its namespaces begin with, up to the dash: <c>overlay-demo</c>.</param>
    /// <param name="directory">Where everything that goes to disk goes: an absolute path nobody else uses.</param>
    /// <param name="hostCount">2 to 20.</param>
    /// <param name="hasBridge">Whether a bridge is the wire; without one there are two hosts.</param>
    internal LabPlan(string prefix, string directory, int hostCount, bool hasBridge = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hostCount, MinimumHosts);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hostCount, hasBridge ? MaximumHosts : 2);
        HasBridge = hasBridge;
        Prefix = prefix;
        Directory = directory;
        Hosts = [.. Enumerable.Range(1, hostCount).Select(number => new HostPlan(prefix, directory, number))];
    }

    /// <summary>Whether a bridge in a namespace of its own is the wire.</summary>
    internal bool HasBridge { get; }

    /// <summary>What every namespace of the lab begins with, up to the dash.</summary>
    internal string Prefix { get; }

    /// <summary>Holds everything the lab writes.</summary>
    internal string Directory { get; }

    /// <summary>In the order of their numbers, which start at 1.</summary>
    internal IReadOnlyList<HostPlan> Hosts { get; }

    /// <summary>The namespace whose bridge is the wire.</summary>
    internal string WireNamespace => $"{Prefix}-wire";

    /// <summary>The lease store's directory.</summary>
    internal string LeaseDirectory => Path.Combine(Directory, "leases");

    /// <summary>What a lab's etcd keeps.</summary>
    internal string EtcdDirectory => Path.Combine(Directory, "etcd");

    /// <summary>Its standard output and error.</summary>
    internal string EtcdLogFile => Path.Combine(Directory, "etcd.log");

    /// <summary>Its process id, so that a later run finds it.</summary>
    internal string EtcdPidFile => Path.Combine(Directory, "etcd.pid");

    /// <summary>Every namespace, the wire first.</summary>
    internal IEnumerable<string> Namespaces =>
        [.. HasBridge ? [WireNamespace] : (
            IEnumerable<string>)[], .. Hosts.SelectMany(host => new[] { host.HostNamespace, host.PodNamespace })];
}

/// <summary>The names and addresses of one pretend host.</summary>
internal sealed class HostPlan
{
    internal HostPlan(string prefix, string directory, int number)
    {
        Number = number;
        Name = $"h{number}";
        HostNamespace = $"{prefix}-h{number}";
        PodNamespace = $"{prefix}-p{number}";
        // The first two as the seeds number them; the others follow on.
        int last = number switch { 1 => 5, 2 => 4, _ => number + 3 };
        UnderlayAddress = new IPAddress([172, 16, 0, (byte)last]);
        RunDirectory = Path.Combine(directory, Name);
        SubnetFile = Path.Combine(directory, $"{Name}.subnet.env");
        LogFile = Path.Combine(directory, $"{Name}.log");
        PidFile = Path.Combine(directory, $"{Name}.pid");
    }

    /// <summary>1 and up.</summary>
    internal int Number { get; }

    /// <summary><c>h1</c>.</summary>
    internal string Name { get; }

    /// <summary>The host's network namespace.</summary>
    internal string HostNamespace { get; }

    /// <summary>The pod's network namespace.</summary>
    internal string PodNamespace { get; }

    /// <summary>The address of eth0, on the wire.</summary>
    internal IPAddress UnderlayAddress { get; }

    /// <summary>The daemon's run directory; its counters' socket is in it.</summary>
    internal string RunDirectory { get; }

    /// <summary>Written by the daemon when it is ready.</summary>
    internal string SubnetFile { get; }

    /// <summary>The daemon's standard output and error.</summary>
    internal string LogFile { get; }

    /// <summary>The daemon's process id, so that a later run finds it.</summary>
    internal string PidFile { get; }
}
