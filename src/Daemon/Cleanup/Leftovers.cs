using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Cleanup;

/// <summary>Everything that flannel and this daemon leave on a host: rules, routes, devices, files.</summary>
internal static class Leftovers
{
    // The lock goes last: until then no daemon starts.
    private static readonly string[] s_runFiles = ["overlay.sock", "pid", "leases.json", "lock"];

    /// <summary>Finds it, in the order in which it goes.</summary>
    /// <param name="netlink">Of this host; it is borrowed until the items are removed.</param>
    /// <param name="request">Which files, and whether the bridge too.</param>
    /// <exception cref="Terminal.OperatorException">A tool fails; the line says why.</exception>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    internal static IReadOnlyList<CleanupItem> Find(RouteNetlink netlink, CleanupRequest request)
    {
        Ipv4Prefix? network =
            SubnetEnvFile.ReadPrefixes(request.SubnetFile, "FLANNEL_NETWORK") is [var only] ? only : null;
        return
        [
            .. LeftoverRules.Find(),
            .. LeftoverLinks.FindRoutes(netlink, network),
            .. LeftoverLinks.FindDevices(netlink, request.WithBridge),
            .. ((string[])(IsSubnetFile(request.SubnetFile) ? [request.SubnetFile] : []))
                .Concat(s_runFiles.Select(name => Path.Combine(request.RunDirectory, name)).Where(File.Exists))
                .Select(file => new CleanupItem("file", file, () => File.Delete(file))),
        ];
    }

    // Whatever file is named, another than flannel's stays.
    private static bool IsSubnetFile(string path) => FileNode.KindOf(path) == FileNodeKind.Regular
        && File.ReadLines(path).Take(100).Any(line => line.StartsWith("FLANNEL_", StringComparison.Ordinal));
}
