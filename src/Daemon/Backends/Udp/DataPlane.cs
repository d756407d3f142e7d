using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Control;
using Overlay.Daemon.Options;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Router.Coalescing;
using Overlay.Router.Forwarding;
using Overlay.Router.IcmpErrors;
using Overlay.Router.Packets;
using Overlay.Router.Ports;
using Overlay.Router.Routes;
using Overlay.Router.Workers;
using Overlay.Terminal;
using Overlay.Tun;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>The device, the sockets and what the kernel granted for them: what an engine's name stands for.</summary>
internal sealed class DataPlane : IDisposable
{
    private readonly UdpPort[] _ports;
    private readonly KernelDrops _kernelDrops;
    private readonly ForwarderOptions _options;

    private DataPlane(
        TunDevice tun, int tunIndex, UdpPort[] ports, KernelDrops kernelDrops, Accelerations accelerations,
        ForwarderOptions options)
    {
        Tun = tun;
        TunIndex = tunIndex;
        _ports = ports;
        _kernelDrops = kernelDrops;
        Accelerations = accelerations;
        _options = options;
    }

    /// <summary>The device, down and without an address.</summary>
    internal TunDevice Tun { get; }

    /// <summary>The device's interface index, by which it is known: its name may be given to another.</summary>
    internal int TunIndex { get; }

    /// <summary>Which accelerations are in use, and why the others are not.</summary>
    internal Accelerations Accelerations { get; }

    /// <summary>In words: <c>offload, a thread each way</c>.</summary>
    internal string Description { get; private init; } = string.Empty;

    /// <summary>Opens device and sockets, and asks the kernel for what the engine wants.</summary>
    /// <param name="options">Engine, accelerations and workers.</param>
    /// <param name="address">The underlay's, which the sockets are bound to.</param>
    /// <param name="port">UDP port.</param>
    /// <param name="netlink">Of the device's namespace; it is borrowed.</param>
    /// <param name="handover">What an earlier daemon has left open, and takes for a later one.</param>
    /// <exception cref="LinuxException">The device or the port cannot be had. An acceleration that cannot is done
    /// without.</exception>
    /// <exception cref="OperatorException">The device is gone again.</exception>
    internal static DataPlane Open(
        RunOptions options, Ipv4Address address, ushort port, RouteNetlink netlink, TunnelHandover handover)
    {
        Version kernel = Environment.OSVersion.Version;
        var profile = EngineProfile.Of(options.Engine);
        var workers = WorkerPlan.For(profile.Layout, options.Workers, Environment.ProcessorCount);
        var negotiation = new Negotiation(profile.Accelerations.Except(options.Without), kernel);

        TunDevice tun = handover.OpenTun(
            options.TunName, negotiation.NeedsVirtioNetHeader, workers.Lanes, netlink);
        IReadOnlyList<UdpPort> ports = [];
        KernelDrops? kernelDrops = null;
        try
        {
            ports = handover.BindPorts(address, port, workers.Lanes);
            int tunIndex = netlink.FindLink(tun.Name)?.Index ?? throw new OperatorException(
                $"interface {tun.Name} vanished while it was being configured; start again");
            kernelDrops = KernelDrops.Of(tunIndex, ports);
            Accelerations accelerations = negotiation.Hold(tun, ports);
            var workerOptions = new WorkerOptions(options.SourceCheck, RunLimits.MaximumMtu) // until it forwards
            {
                Own = new TunnelEndpoint(address, port),
                FramesPerBatch = profile.PacketsPerCall,
                MessagesPerBatch = profile.PacketsPerCall,
                DatagramsPerTrain = accelerations.IsOn(Acceleration.UdpGso) ? UdpPort.ProbeDatagramsPerTrain() : 1,
                SparesTunnelPorts = KernelFaults.LosesSuperpacketsOfTunnels(kernel),
            };
            var forwarding = new ForwarderOptions(workerOptions)
            {
                Layout = workers.Layout,
                SpinMicroseconds = options.SpinMicroseconds,
                IsMetered = options.IsMetered,
                ExtraCopies = options.ExtraCopies,
            };
            return new DataPlane(tun, tunIndex, [.. ports], kernelDrops, accelerations, forwarding)
            {
                Description = $"{options.Engine.ToString().ToLowerInvariant()}, {workers}",
            };
        }
        catch
        {
            kernelDrops?.Dispose();
            foreach (UdpPort bound in ports)
            {
                bound.Dispose();
            }

            tun.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Tries the writing accelerations out, now that the device is up; those that fail are done without.
    /// </summary>
    internal void ProbeWrites()
    {
        Probe(Acceleration.TunTcpGro, SegmentationType.TcpV4);
        Probe(Acceleration.TunUdpGro, SegmentationType.UdpL4);

        void Probe(Acceleration acceleration, SegmentationType type)
        {
            if (Accelerations.IsOn(acceleration)
                && SuperpacketProbe.Write(Tun.Queues[0], type) is var refusal and not Errno.None)
            {
                Accelerations.SetUnavailable(acceleration, refusal);
            }
        }
    }

    /// <summary>Puts workers on it, not started yet.</summary>
    /// <param name="routes">Where they read the routes.</param>
    /// <param name="icmp">Where ICMP errors leave; null to send none.</param>
    /// <param name="mtu">Of the tunnel, in bytes.</param>
    internal Forwarder CreateForwarder(RouteTableCell routes, IIcmpPort? icmp, int mtu) => new(
        [.. Tun.Queues.Zip(_ports, (queue, port) => new Lane(queue, port))],
        routes,
        icmp,
        Accelerations,
        _options with { Workers = _options.Workers with { TunnelMtu = mtu } });

    /// <summary>Asks the kernel what it dropped at the device and the sockets. One asks at a time.</summary>
    internal KernelReport ReadKernelDrops() => _kernelDrops.Read();

    /// <summary>What each lane's socket holds, as far as the kernel tells.</summary>
    internal IReadOnlyList<SocketMemory> ReadSockets() =>
        [.. _ports.Select(port => port.ReadMemory()).OfType<SocketMemory>()];

    public void Dispose()
    {
        _kernelDrops.Dispose();
        foreach (UdpPort port in _ports)
        {
            port.Dispose();
        }

        Tun.Dispose();
    }
}
