using System;
using System.Collections.Generic;
using Overlay.Daemon.Host;
using Overlay.Daemon.Logging;
using Overlay.Daemon.Options;
using Overlay.Lease;
using Overlay.Operator.Config;
using Overlay.Router.Ports;
using Overlay.Terminal;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>flannel's udp backend: the inner packet unchanged in a UDP datagram.</summary>
internal sealed class UdpBackendKind : IBackendKind
{
    /// <inheritdoc/>
    public string Type => "udp";

    /// <inheritdoc/>
    public RoutedPart Routes => RoutedPart.WholeNetwork;

    /// <inheritdoc/>
    public IReadOnlyList<string> RunOptions { get; } =
    [
        "--tun-name", "--mtu", "--port", "--source-check", "--datapath", "--engine", "--without", "--workers",
        "--spin-us", "--meter", "--extra-copies",
    ];

    /// <summary>Every lease has an address to send datagrams to, and stock takes every one.</summary>
    public bool Takes(BackendLeaseData lease) => true;

    /// <inheritdoc/>
    public CompletedBackend Complete(BackendConfig backend)
    {
        var options = UdpBackendOptions.Read(backend);
        return new CompletedBackend(
            $$"""{"Type":"{{backend.Type}}","Port":{{options.Port}}}""",
            $"{backend.Type}, port {options.Port}",
            UdpBackendOptions.Names);
    }

    /// <inheritdoc/>
    public IBackend Prepare(BackendContext context) => Prepare(
        context, (ushort)(context.Options.Port ?? UdpBackendOptions.Read(context.Config.Backend).Port));

    /// <summary>The tunnel that an earlier daemon has left open.</summary>
    public void RemoveRemains(BackendContext context) => new TunnelHandover(context.Kept).Release();

    /// <summary>As the other one, whatever the network config's Backend.</summary>
    /// <param name="context">What it is prepared from.</param>
    /// <param name="port">The UDP port of every host.</param>
    /// <exception cref="OperatorException">It cannot work; the line says why and what to do.</exception>
    internal static UdpBackend Prepare(BackendContext context, ushort port)
    {
        (RunOptions options, UnderlayInterface underlay) = (context.Options, context.Underlay);
        int room = underlay.Mtu - UdpPort.EncapsulationBytes;
        int mtu = options.Mtu ?? Math.Min(room, RunLimits.MaximumMtu);
        if (mtu < RunLimits.MinimumMtu)
        {
            throw new OperatorException(
                $"interface {underlay.Name} has MTU {underlay.Mtu}, which leaves {mtu} bytes to the tunnel; "
                    + $"it needs {RunLimits.MinimumMtu}: raise the interface's (ip link set {underlay.Name} mtu "
                    + "N) or choose another with --iface");
        }

        if (mtu > room)
        {
            Log.MtuTooLarge(context.Log, mtu, UdpPort.EncapsulationBytes, underlay.Name, underlay.Mtu);
        }

        return new UdpBackend(context, mtu, port);
    }
}
