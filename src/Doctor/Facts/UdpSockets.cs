using System;
using System.Globalization;
using System.Linq;

namespace Overlay.Doctor.Facts;

/// <summary>The UDP sockets of this network namespace (proc_pid_net(5), udp).</summary>
internal static class UdpSockets
{
    /// <summary>Whether one has a port, whoever's it is.</summary>
    internal static bool IsTaken(HostFiles files, ushort port)
    {
        string suffix = string.Create(CultureInfo.InvariantCulture, $":{port:X4}");
        return ((string[])["proc/net/udp", "proc/net/udp6"])
            .SelectMany(table => (files.Read(table) ?? "").Split('\n').Skip(1))
            .Any(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var local, ..]
                && local.EndsWith(suffix, StringComparison.Ordinal));
    }
}
