using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;

namespace Overlay.Lab;

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
public sealed class LabPlan
{
    /// <summary>The fewest hosts of a lab.</summary>
    public const int MinimumHosts = 2;

    /// <summary>The most hosts of a lab.</summary>
    public const int MaximumHosts = 20;

    /// <summary>The wire's MTU in bytes: an ordinary Ethernet.</summary>
    public const int WireMtu = 1500;

    /// <summary>The prefix length of the wire's addresses.</summary>
    public const int UnderlayPrefixLength = 24;

    /// <summary>The address of the wire's bridge in a lab that has something on the wire beside its hosts.</summary>
    public const string WireAddress = "172.16.0.1";

    /// <summary>Draws up a lab; nothing is created.</summary>
    /// <param name="prefix">What its namespaces begin with, up to the dash: <c>overlay-demo</c>.</param>
    /// <param name="directory">Where everything that goes to disk goes: an absolute path nobody else uses.</param>
    /// <param name="hostCount">2 to 20.</param>
    /// <param name="hasBridge">Whether a bridge is the wire; without one there are two hosts.</param>
    public LabPlan(string prefix, string directory, int hostCount, bool hasBridge = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hostCount, MinimumHosts);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hostCount, hasBridge ? MaximumHosts : 2);
        HasBridge = hasBridge;
        Prefix = prefix;
        Directory = directory;
        Hosts = [.. Enumerable.Range(1, hostCount).Select(number => new HostPlan(prefix, directory, number))];
    }

    /// <summary>Whether a bridge in a namespace of its own is the wire.</summary>
    public bool HasBridge { get; }

    /// <summary>What every namespace of the lab begins with, up to the dash.</summary>
    public string Prefix { get; }

    /// <summary>Holds everything the lab writes.</summary>
    public string Directory { get; }

    /// <summary>In the order of their numbers, which start at 1.</summary>
    public IReadOnlyList<HostPlan> Hosts { get; }

    /// <summary>The namespace whose bridge is the wire.</summary>
    public string WireNamespace => $"{Prefix}-wire";

    /// <summary>The lease store's directory.</summary>
    public string LeaseDirectory => Path.Combine(Directory, "leases");

    /// <summary>What a lab's etcd keeps.</summary>
    public string EtcdDirectory => Path.Combine(Directory, "etcd");

    /// <summary>Its standard output and error.</summary>
    public string EtcdLogFile => Path.Combine(Directory, "etcd.log");

    /// <summary>Its process id, so that a later run finds it.</summary>
    public string EtcdPidFile => Path.Combine(Directory, "etcd.pid");

    /// <summary>Every namespace, the wire first.</summary>
    public IEnumerable<string> Namespaces =>
        [.. HasBridge ? [WireNamespace] : (
            IEnumerable<string>)[], .. Hosts.SelectMany(host => new[] { host.HostNamespace, host.PodNamespace })];
}

/// <summary>The names and addresses of one pretend host.</summary>
public sealed class HostPlan
{
    /// <summary>Names a host.</summary>
    /// <param name="prefix">Of the lab.</param>
    /// <param name="directory">Of the lab.</param>
    /// <param name="number">1 and up.</param>
    public HostPlan(string prefix, string directory, int number)
    {
        Number = number;
        Name = $"h{number}";
        HostNamespace = $"{prefix}-h{number}";
        PodNamespace = $"{prefix}-p{number}";
        // 172.16.0.5 and .4 as in flannel's own illustrations; the others follow on.
        int last = number switch { 1 => 5, 2 => 4, _ => number + 3 };
        UnderlayAddress = new IPAddress([172, 16, 0, (byte)last]);
        RunDirectory = Path.Combine(directory, Name);
        SubnetFile = Path.Combine(directory, $"{Name}.subnet.env");
        LogFile = Path.Combine(directory, $"{Name}.log");
        PidFile = Path.Combine(directory, $"{Name}.pid");
    }

    /// <summary>1 and up.</summary>
    public int Number { get; }

    /// <summary><c>h1</c>.</summary>
    public string Name { get; }

    /// <summary>The host's network namespace.</summary>
    public string HostNamespace { get; }

    /// <summary>The pod's network namespace.</summary>
    public string PodNamespace { get; }

    /// <summary>The address of eth0, on the wire.</summary>
    public IPAddress UnderlayAddress { get; }

    /// <summary>The daemon's run directory; its counters' socket is in it.</summary>
    public string RunDirectory { get; }

    /// <summary>Written by the daemon when it is ready.</summary>
    public string SubnetFile { get; }

    /// <summary>The daemon's standard output and error.</summary>
    public string LogFile { get; }

    /// <summary>The daemon's process id, so that a later run finds it.</summary>
    public string PidFile { get; }
}
