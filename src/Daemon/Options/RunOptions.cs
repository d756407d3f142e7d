using System;
using System.Collections.Generic;
using Overlay.Daemon.Logging;
using Overlay.Operator.Stores;
using Overlay.Router.Workers;

namespace Overlay.Daemon.Options;

/// <summary>What <c>overlay run</c> was asked to do; each value is valid by itself.</summary>
/// <param name="LeaseStore">Where leases are kept.</param>
/// <param name="RenewMargin">How long before its end a lease is renewed.</param>
/// <param name="Underlay">Which interface carries the tunnel's datagrams, and which address is published.</param>
/// <param name="SubnetFile">Where subnet.env goes.</param>
/// <param name="RunDirectory">Lock, control socket and snapshot of leases.</param>
/// <param name="TunName">The tunnel's interface name; null for the first free of flannel0, flannel1 …</param>
/// <param name="Mtu">The tunnel's MTU in bytes; null for the interface's less 28.</param>
/// <param name="Port">UDP port; null for the network config's.</param>
/// <param name="SourceCheck">How much an inbound datagram has to prove.</param>
/// <param name="Datapath">Who forwards packets.</param>
/// <param name="Fallback">What VXLAN falls back to; null for nothing.</param>
/// <param name="Engine">How packets cross into the kernel and out of it.</param>
/// <param name="Without">Accelerations of the engine that are not to be used.</param>
/// <param name="Workers">Which threads there are; null to go by the engine and the number of processors.</param>
/// <param name="SpinMicroseconds">How long an idle worker looks again before it waits.</param>
/// <param name="IsMetered">Whether the workers' system calls are counted and timed.</param>
/// <param name="ExtraCopies">How often everything read is copied once more.</param>
/// <param name="Firewall">Which firewall rules are made and looked after.</param>
/// <param name="Given">The names of the options that were given, <c>--mtu</c> say.</param>
/// <param name="Ineffective">The names of those given options of flanneld's that change nothing here.</param>
/// <param name="UnknownVariables">The names of FLANNELD_ variables that are no option's.</param>
internal sealed record RunOptions(
    LeaseStoreChoice LeaseStore,
    TimeSpan RenewMargin,
    UnderlayRequest Underlay,
    string SubnetFile,
    string RunDirectory,
    string? TunName,
    int? Mtu,
    int? Port,
    SourceCheck SourceCheck,
    Datapath Datapath,
    Fallback? Fallback,
    Engine Engine,
    IReadOnlyList<Acceleration> Without,
    WorkerPlan? Workers,
    int SpinMicroseconds,
    bool IsMetered,
    int ExtraCopies,
    FirewallChoice Firewall,
    IReadOnlyList<string> Given,
    IReadOnlyList<string> Ineffective,
    IReadOnlyList<string> UnknownVariables)
{
    /// <summary>How the log is written.</summary>
    public LogChoice Log { get; init; } = new();

    /// <summary>Whether addresses of the own subnet that no pod has are dropped by a route.</summary>
    public bool HasBlackholeRoute { get; init; }

    /// <summary>What is served over HTTP.</summary>
    public EndpointChoice Endpoints { get; init; } = new(null, null, 0);
}

/// <summary>Who forwards packets.</summary>
internal enum Datapath
{
    /// <summary>The kernel where it can, otherwise user space.</summary>
    Auto,

    /// <summary>User space alone.</summary>
    User,

    /// <summary>The kernel, or the start fails; what is not for it, user space takes.</summary>
    Kernel,
}

/// <summary>What the vxlan backend falls back to, peer by peer, where VXLAN does not work.</summary>
internal enum Fallback
{
    /// <summary>The udp backend.</summary>
    Udp,
}

/// <summary>How packets cross into the kernel and out of it.</summary>
internal enum Engine
{
    /// <summary>Superpackets, trains and many messages a system call, with whatever of it the kernel has.</summary>
    Offload,

    /// <summary>Many messages a system call, but single packets.</summary>
    Batch,

    /// <summary>One packet a system call, both ways in turn, as stock flannel does it.</summary>
    Classic,

    /// <summary>As <see cref="Offload"/>, each way in two stages joined by a pipe.</summary>
    Pipeline,
}
