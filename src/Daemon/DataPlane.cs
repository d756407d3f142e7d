using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Daemon.Cli;
using Overlay.Daemon.Kernel;
using Overlay.Daemon.Status;
using Overlay.Linux;
using Overlay.Router.Forwarding;
using Overlay.Router.Routes;
using Overlay.Tun;

namespace Overlay.Daemon;

/// <summary>The device, the sockets and what the kernel granted for them: what an engine's name stands for.</summary>
internal sealed class DataPlane : IDisposable
{
    // From here on the kernel forwards UDP superpackets into its own tunnels (3d010c8031e3, "udp: do not accept non-tunnel GSO skbs …").
    private static readonly Version s_tunnelsTakeSuperpackets = new(6, 8, 5);

    private readonly UdpPort[] _ports;
    private readonly KernelDrops _kernelDrops;
    private readonly ForwarderOptions _options;

    private DataPlane(TunDevice tun, UdpPort[] ports, KernelDrops kernelDrops, Accelerations accelerations, ForwarderOptions options)
    {
        Tun = tun;
        _ports = ports;
        _kernelDrops = kernelDrops;
        Accelerations = accelerations;
        _options = options;
    }

    /// <summary>The device, down and without an address.</summary>
    internal TunDevice Tun { get; }

    /// <summary>Which accelerations are in use, and why the others are not.</summary>
    internal Accelerations Accelerations { get; }

    /// <summary>In words: <c>offload, a thread each way</c>.</summary>
    internal string Description { get; private init; } = string.Empty;

    /// <summary>Opens device and sockets, and asks the kernel for what the engine wants.</summary>
    /// <exception cref="LinuxException">The device or the port cannot be had. An acceleration that cannot is done without.</exception>
    internal static DataPlane Open(RunOptions options, StartPlan plan)
    {
        EngineProfile profile = EngineProfile.Of(options.Engine);
        WorkerPlan workers = WorkerPlan.For(profile, options.Workers, Environment.ProcessorCount);
        Acceleration[] wanted = [.. profile.Accelerations.Except(options.Without)];
        bool needsHeader = wanted.Any(EngineProfile.NeedsVirtioNetHeader);

        TunDevice tun = TunDevice.Create(TunnelLink.Name, needsHeader, workers.Lanes);
        var ports = new List<UdpPort>();
        try
        {
            while (ports.Count < workers.Lanes)
            {
                ports.Add(UdpPort.Bind(plan.Underlay.Address, plan.Port, isShared: workers.Lanes > 1));
            }

            var accelerations = new Accelerations();
            Negotiate(tun, wanted, accelerations);
            Negotiate(ports, wanted, accelerations);
            return new DataPlane(tun, [.. ports], KernelDrops.Of(tun.Name, ports), accelerations, new ForwarderOptions(options.SourceCheck, plan.TunnelMtu)
            {
                FramesABatch = profile.PacketsACall,
                MessagesABatch = profile.PacketsACall,
                DatagramsATrain = accelerations.IsOn(Acceleration.UdpGso) ? UdpPort.ProbeDatagramsATrain() : 1,
                Layout = workers.Layout,
                SpinMicroseconds = options.SpinMicroseconds,
                SparesTunnelPorts = Environment.OSVersion.Version < s_tunnelsTakeSuperpackets,
            })
            {
                Description = $"{options.Engine.ToString().ToLowerInvariant()}, {workers}",
            };
        }
        catch
        {
            ports.ForEach(port => port.Dispose());
            tun.Dispose();
            throw;
        }
    }

    /// <summary>Tries the writing accelerations out, now that the device is up; those that fail are done without.</summary>
    internal void ProbeWrites()
    {
        Probe(Acceleration.TunTcpGro, SegmentationType.TcpV4);
        Probe(Acceleration.TunUdpGro, SegmentationType.UdpL4);

        void Probe(Acceleration acceleration, SegmentationType type)
        {
            if (Accelerations.IsOn(acceleration) && SuperpacketProbe.Write(Tun.Queues[0], type) is var refusal and not Errno.None)
            {
                Accelerations.SetUnavailable(acceleration, refusal);
            }
        }
    }

    /// <summary>Puts workers on it, not started yet.</summary>
    internal Forwarder CreateForwarder(RouteTableCell routes, IIcmpPort? icmp) =>
        new([.. Tun.Queues.Zip(_ports, (queue, port) => new Lane(queue, port))], routes, icmp, Accelerations, _options);

    /// <summary>Asks the kernel what it dropped at the device and the sockets. One asks at a time.</summary>
    internal KernelReport ReadKernelDrops() => _kernelDrops.Read();

    public void Dispose()
    {
        _kernelDrops.Dispose();
        foreach (UdpPort port in _ports)
        {
            port.Dispose();
        }

        Tun.Dispose();
    }

    private static void Negotiate(TunDevice tun, Acceleration[] wanted, Accelerations accelerations)
    {
        TunOffloads asked = TunOffloads.None;
        if (wanted.Contains(Acceleration.TunTso))
        {
            asked |= TunOffloads.Checksum | TunOffloads.TcpV4 | TunOffloads.TcpV6 | TunOffloads.TcpEcn;
        }

        if (wanted.Contains(Acceleration.TunUso))
        {
            asked |= TunOffloads.Checksum | TunOffloads.UdpV4 | TunOffloads.UdpV6;
        }

        bool hasHeader = wanted.Any(EngineProfile.NeedsVirtioNetHeader);
        Errno refusal = hasHeader ? tun.NegotiateOffloads(asked) : Errno.None;

        Settle(Acceleration.TunTso, tun.Offloads.HasFlag(TunOffloads.TcpV4));
        Settle(Acceleration.TunUso, tun.Offloads.HasFlag(TunOffloads.UdpV4));
        Settle(Acceleration.TunTcpGro, hasHeader);
        Settle(Acceleration.TunUdpGro, hasHeader && tun.TakesUdpSuperpackets);

        void Settle(Acceleration acceleration, bool isGranted)
        {
            if (!wanted.Contains(acceleration))
            {
                return;
            }

            if (isGranted)
            {
                accelerations.SetOn(acceleration);
            }
            else
            {
                accelerations.SetUnavailable(acceleration, refusal == Errno.None ? Errno.EINVAL : refusal);
            }
        }
    }

    private static void Negotiate(List<UdpPort> ports, Acceleration[] wanted, Accelerations accelerations)
    {
        foreach (UdpPort port in ports)
        {
            _ = port.SetErrorReports(true); // without them a narrow path is found out by the first train it refuses
        }

        if (wanted.Contains(Acceleration.Mmsg))
        {
            Settle(Acceleration.Mmsg, ports.Select(port => port.ProbeMessageBatches()));
        }

        if (wanted.Contains(Acceleration.UdpGro))
        {
            Settle(Acceleration.UdpGro, ports.Select(port => port.SetReceiveTrains(true)));
        }

        if (wanted.Contains(Acceleration.UdpGso))
        {
            Settle(Acceleration.UdpGso, ports.Select(port => port.ProbeSendTrains()));
        }

        void Settle(Acceleration acceleration, IEnumerable<SyscallResult> answers)
        {
            Errno refusal = answers.Select(answer => answer.Errno).FirstOrDefault(errno => errno != Errno.None);
            if (refusal == Errno.None)
            {
                accelerations.SetOn(acceleration);
            }
            else
            {
                accelerations.SetUnavailable(acceleration, refusal);
            }
        }
    }
}
