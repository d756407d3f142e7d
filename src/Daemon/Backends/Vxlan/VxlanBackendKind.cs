using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using Overlay.Daemon.Host;
using Overlay.Daemon.Logging;
using Overlay.Daemon.Options;
using Overlay.Lease;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Operator.Config;
using Overlay.Terminal;

namespace Overlay.Daemon.Backends.Vxlan;

/// <summary>flannel's vxlan backend: the kernel's own VXLAN, told of every peer.</summary>
internal sealed class VxlanBackendKind : IBackendKind
{
    // The kernel's port where nothing is given (drivers/net/vxlan), unless its module was loaded with another.
    private const ushort LinuxPort = 8472;
    private const string LinuxPortFile = "/sys/module/vxlan/parameters/udp_port";

    /// <inheritdoc/>
    public string Type => VxlanBackendOptions.Type;

    /// <inheritdoc/>
    public RoutedPart Routes => RoutedPart.PeerSubnets;

    /// <inheritdoc/>
    public IReadOnlyList<string> RunOptions => ["--fallback"];

    /// <inheritdoc/>
    public bool Takes(BackendLeaseData lease) => lease.Type == VxlanBackendOptions.Type;

    /// <summary>The MAC that peers know is used again.</summary>
    public bool RemembersLeaseData => true;

    /// <inheritdoc/>
    public CompletedBackend Complete(BackendConfig backend)
    {
        var options = VxlanBackendOptions.Read(backend);
        string numbers = $"\"VNI\":{options.Vni},\"Port\":{options.Port ?? 0},"
            + (options.UnderlayMtu is { } mtu ? $"\"MTU\":{mtu}," : "");
        string switches =
            $"\"GBP\":{Json(options.HasGroupPolicy)},\"Learning\":{Json(options.IsLearning)},"
                + $"\"DirectRouting\":{Json(options.IsDirectRouting)}";
        return new CompletedBackend(
            $$"""{"Type":"{{backend.Type}}",{{numbers}}{{switches}}}""",
            $"{backend.Type}, VNI {options.Vni}, {(options.Port is { } port ? $"port {port}" : "the kernel's port")}",
            VxlanBackendOptions.Names);
    }

    /// <inheritdoc/>
    public IBackend Prepare(BackendContext context) => Prepare(context, isRefusedWhenInTheWay: true);

    /// <summary>As the other one.</summary>
    /// <param name="context">What it is prepared from.</param>
    /// <param name="isRefusedWhenInTheWay">
    /// Whether another device with the name or the VNI is a refusal; otherwise <see cref="VxlanBackend.TryOpen"/> tells
    /// of it.
    /// </param>
    /// <exception cref="OperatorException">It cannot work; the line says why and what to do.</exception>
    internal static VxlanBackend Prepare(BackendContext context, bool isRefusedWhenInTheWay)
    {
        var options = VxlanBackendOptions.Read(context.Config.Backend);
        UnderlayInterface underlay = context.Underlay;
        var settings = new VxlanSettings((uint)options.Vni)
        {
            ParentIndex = underlay.Index,
            Local = ChooseLocal(context),
            Port = options.Port ?? ReadLinuxPort(),
            IsLearning = options.IsLearning,
            HasGroupPolicy = options.HasGroupPolicy,
        };
        if (isRefusedWhenInTheWay)
        {
            VxlanDevicePlan.Check(options.DeviceName, settings, context.Netlink.GetLinks());
        }

        var plan = new VxlanDevicePlan(
            options.DeviceName, underlay.Name, settings, ChooseMac(context, options, settings),
            ChooseMtu(options, underlay));
        return new VxlanBackend(context, plan, options.IsDirectRouting);
    }

    // As stock the public IP; but behind address translation no interface has it, and the kernel would send nothing.
    private static Ipv4Address ChooseLocal(BackendContext context) =>
        context.Options.Underlay.PublicIp is { } publicIp
            && context.Netlink.GetAddresses().Any(address => address.Local.Address == publicIp)
            ? publicIp
            : context.Underlay.Address;

    /// <summary>Its routes are longer than a tunnel's, and so would be taken before it. The device stays.</summary>
    public void RemoveRemains(BackendContext context)
    {
        HashSet<int> devices =
        [
            .. context.Netlink.GetLinks()
                .Where(link => link.Vxlan is { } vxlan && link.Name == VxlanBackendOptions.DeviceNameOf(vxlan.Vni))
                .Select(link => link.Index),
        ];
        List<string> gone = [];
        foreach (Ipv4Route route in context.Netlink.GetRoutes().Where(IsRemains))
        {
            if (context.Netlink.RemoveRoute(route))
            {
                gone.Add(route.Destination.ToString());
            }
        }

        if (gone.Count > 0)
        {
            Log.VxlanIsOver(context.Log, NameList.Shorten(gone), gone.Count);
        }

        bool IsRemains(Ipv4Route route) => route is { IsOnLink: true, InterfaceIndex: { } index }
            && devices.Contains(index)
            && route.Gateway == route.Destination.Address
            && context.Config.Network.Contains(route.Destination);
    }

    private static int ChooseMtu(VxlanBackendOptions options, UnderlayInterface underlay)
    {
        if (options.UnderlayMtu > underlay.Mtu)
        {
            throw new OperatorException(
                $"the MTU {options.UnderlayMtu} in the network config's Backend is more than that of interface "
                    + $"{underlay.Name}, {underlay.Mtu}; raise the interface's (ip link set {underlay.Name} mtu "
                    + $"{options.UnderlayMtu}) or lower it in the config");
        }

        int mtu = (options.UnderlayMtu ?? Math.Min(underlay.Mtu, ushort.MaxValue)) - VxlanBackendOptions.Overhead;
        return mtu >= RunLimits.MinimumMtu
            ? mtu
            : throw new OperatorException(
                $"interface {underlay.Name} has MTU {underlay.Mtu}, which leaves {mtu} bytes to {options.DeviceName}; "
                    + $"it needs {RunLimits.MinimumMtu}: raise the interface's (ip link set {underlay.Name} mtu N) or "
                    + "choose another with --iface");
    }

    // Peers need not change anything while it stays the same: the device's own, if that is going to be used, then the
    // one they know. Stock keeps only the first.
    private static MacAddress ChooseMac(BackendContext context, VxlanBackendOptions options, VxlanSettings settings)
    {
        if (context.Netlink.FindLink(options.DeviceName) is { Mac: { } mac } link
            && VxlanDevicePlan.DifferenceOf(settings, link) is null)
        {
            return mac;
        }

        BackendLeaseData published = context.Published;
        return published.Type == VxlanBackendOptions.Type && VtepLeaseData.Read(published, out _) is { } known
            ? known.Mac
            : MacAddress.Read(RandomNumberGenerator.GetBytes(MacAddress.ByteCount)).AsLocal();
    }

    private static ushort ReadLinuxPort()
    {
        try
        {
            return ushort.TryParse(
                File.ReadAllText(LinuxPortFile).Trim(), NumberStyles.None, CultureInfo.InvariantCulture,
                out ushort port)
                ? port
                : LinuxPort;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return LinuxPort; // the module is not loaded yet
        }
    }

    private static string Json(bool value) => value ? "true" : "false";
}
