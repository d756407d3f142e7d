using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Overlay.Daemon.Cleanup;

/// <summary>
/// What the container network plugins have on this host: it is theirs, and is shown and left. A runtime that finds the
/// config goes on making pods by it, and addresses that are noted as given away stay so.
/// </summary>
internal static class CniFiles
{
    private const string Configs = "etc/cni/net.d";

    // Of the plugin flannel, and of host-local, a directory for each network.
    private static readonly string[] s_states = ["var/lib/cni/flannel", "var/lib/cni/networks"];

    /// <summary>Finds them.</summary>
    /// <param name="root">Of the host's file system: <c>/</c>.</param>
    /// <returns>Files, and directories that are not empty.</returns>
    internal static IReadOnlyList<string> Find(string root)
    {
        string configs = Path.Combine(root, Configs);
        return
        [
            .. (Directory.Exists(configs) ? Directory.GetFiles(configs, "*flannel*") : []).Order(),
            .. s_states.Select(state => Path.Combine(root, state))
                .Where(state => Directory.Exists(state) && Directory.EnumerateFileSystemEntries(state).Any()),
        ];
    }
}
