using System;
using System.IO;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Health;

namespace Overlay.Daemon.Backends.Fallback;

/// <summary>The kernel's check of source addresses (rp_filter, Documentation/networking/ip-sysctl.rst).</summary>
internal static class ReversePath
{
    private const string Strict = "1", Loose = "2";

    /// <summary>
    /// Has a device take packets whose answers would leave by another: the two hosts of a pair change from one way to
    /// the other at different moments, and a question by VXLAN has to arrive while packets go by udp. Whoever has a
    /// route is still asked for. The greater of a device's value and that of all counts.
    /// </summary>
    /// <param name="device">Its name.</param>
    /// <param name="log">Gets a line where it cannot be done and is not done already.</param>
    /// <param name="health">Gets that too.</param>
    internal static void Loosen(string device, ILogger log, HealthBoard health)
    {
        string path = PathOf(device);
        try
        {
            File.WriteAllText(path, Loose);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            if (Read(path) == Strict || (Read(path) != Loose && Read(PathOf("all")) == Strict))
            {
                Log.StrictReversePath(log, device, problem.Message);
                health.Raise(
                    HealthCodes.StrictReversePath, device,
                    $"its rp_filter is strict and cannot be set: {problem.Message}");
            }
        }
    }

    private static string PathOf(string device) => $"/proc/sys/net/ipv4/conf/{device}/rp_filter";

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
