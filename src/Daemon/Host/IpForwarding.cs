using System;
using System.IO;
using Overlay.Health;

namespace Overlay.Daemon.Host;

/// <summary>
/// Whether this host forwards IPv4 packets (ip-sysctl.rst, ip_forward): from and to the tunnel, and from the bridges
/// that pods are usually on.
/// </summary>
/// <param name="health">Gets what does not.</param>
/// <param name="root">Where /proc is.</param>
internal sealed class IpForwarding(HealthBoard health, string root = "/")
{
    private const string All = "net/ipv4/ip_forward";

    private static readonly string[] s_bridges = ["cni0", "docker0"];

    /// <summary>Whether the switch for all interfaces is on, or cannot be read.</summary>
    internal static bool IsOn => !IsOff("/", All);

    /// <summary>Looks once.</summary>
    /// <param name="tunnel">The interface that pods' packets leave by.</param>
    internal void Look(string tunnel)
    {
        // The switch for all sets the ones of the interfaces, so one of those may differ.
        string? off = IsOff(root, All) ? "net.ipv4.ip_forward" : null;
        foreach (string name in (string[])[tunnel, .. s_bridges])
        {
            off ??= IsOff(root, $"net/ipv4/conf/{name}/forwarding") ? $"net.ipv4.conf.{name}.forwarding" : null;
        }

        health.Set(
            HealthCodes.IpForwardingOff, "", off is null ? null : $"{off} is 0",
            off is null ? null : $"turn it on: sysctl -w {off}=1");
    }

    // Where it cannot be read nothing can be said, so nothing is.
    private static bool IsOff(string root, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(root, "proc/sys", file)).Trim() == "0";
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
