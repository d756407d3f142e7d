using System;
using System.IO;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Backends.Udp;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Router.Ports;
using Overlay.Terminal;

namespace Overlay.Daemon.Start;

/// <summary>Everything a start needs to know, read and checked before the machine is changed.</summary>
/// <param name="Config">The network config.</param>
/// <param name="Underlay">The interface that carries the datagrams.</param>
/// <param name="PublicIp">The address published in the lease, host order.</param>
/// <param name="TunnelMtu">In bytes.</param>
/// <param name="Port">The UDP port of every host.</param>
internal sealed record StartPlan(
    NetworkConfig Config,
    UnderlayInterface Underlay,
    uint PublicIp,
    int TunnelMtu,
    ushort Port)
{
    private const string BackendType = "udp";
    private const string ForwardingSwitch = "/proc/sys/net/ipv4/ip_forward";

    /// <summary>Whether subnet.env can be put in place by renaming: that would replace a device, too.</summary>
    /// <exception cref="OperatorException">Something else than a file is there.</exception>
    internal static void CheckSubnetFile(string path)
    {
        string? found = path.EndsWith('/') ? "names a directory" : FileNode.KindOf(path) switch
        {
            FileNodeKind.None or FileNodeKind.Regular => null,
            FileNodeKind.Directory => "is a directory",
            _ => "is not a regular file",
        };
        if (found is not null)
        {
            throw new OperatorException(
                $"--subnet-file {path} {found}; give a file to be written, for example {RunLimits.DefaultSubnetFile}");
        }
    }

    /// <summary>
    /// Checks the network config against this host, and logs what will work, but not as well as it could.
    /// </summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="underlay">The interface they choose.</param>
    /// <param name="config">The network config.</param>
    /// <param name="store">Where it is from, for messages.</param>
    /// <param name="log">Gets the lines.</param>
    /// <exception cref="OperatorException">Something does not fit; the line says what and how to mend it.</exception>
    internal static StartPlan Make(
        RunOptions options, UnderlayInterface underlay, NetworkConfig config, string store, ILogger log)
    {
        CheckBackend(config, store);
        uint publicIp = options.PublicIp ?? underlay.Address;
        CheckOutside(config.Network, publicIp, "public IP", "choose another with --public-ip");
        CheckOutside(
            config.Network, underlay.Address, $"address of {underlay.Name}", "choose another interface with --iface");

        int room = underlay.Mtu - UdpPort.EncapsulationBytes;
        int mtu = options.Mtu ?? Math.Min(room, RunLimits.MaximumMtu);
        if (mtu < RunLimits.MinimumMtu)
        {
            throw new OperatorException(
                $"interface {underlay.Name} has MTU {underlay.Mtu}, which leaves {mtu} bytes to the tunnel; it needs "
                    + $"{RunLimits.MinimumMtu}: raise the interface's (ip link set {underlay.Name} mtu N) or choose "
                    + "another with --iface");
        }

        Log.Underlay(
            log, underlay.Name, Ipv4Prefix.Format(underlay.Address), underlay.Mtu, Ipv4Prefix.Format(publicIp));
        if (mtu > room)
        {
            Log.MtuTooLarge(log, mtu, UdpPort.EncapsulationBytes, underlay.Name, underlay.Mtu);
        }

        if (!IsForwarding())
        {
            Log.ForwardingOff(log, TunnelLink.Name);
        }

        return new StartPlan(config, underlay, publicIp, mtu, (ushort)(options.Port ?? config.BackendPort));
    }

    /// <summary>Whether this daemon can work by a config that is valid for flannel.</summary>
    /// <exception cref="OperatorException">It cannot; the line says why.</exception>
    internal static void CheckBackend(NetworkConfig config, string store)
    {
        if (!config.EnableIPv4)
        {
            throw new OperatorException(
                $"the network config in {store} has EnableIPv4 false; this backend is IPv4 only: set it to true");
        }

        if (config.Network.Address >> 24 is 0 or 127 or >= 224)
        {
            throw new OperatorException(
                $"the Network {config.Network} in the network config of {store} holds no hosts' addresses; choose a "
                    + "private one, for example 10.244.0.0/16");
        }

        if (!string.Equals(config.BackendType, BackendType, StringComparison.OrdinalIgnoreCase))
        {
            throw new OperatorException(
                $"unknown backend type: '{config.BackendType}' in the network config of {store}; set Backend to "
                    + $"{{\"Type\":\"{BackendType}\"}}");
        }
    }

    private static void CheckOutside(Ipv4Prefix network, uint address, string what, string remedy)
    {
        if (network.Contains(address))
        {
            throw new OperatorException(
                $"the {what} {Ipv4Prefix.Format(address)} lies inside the overlay network {network}, so its "
                    + $"datagrams would loop; {remedy}, or another Network in the config");
        }
    }

    // Unreadable means that nothing can be said, so nothing is.
    private static bool IsForwarding()
    {
        try
        {
            return File.ReadAllText(ForwardingSwitch).Trim() != "0";
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }
}
