using System;
using System.IO;
using Overlay.Daemon.Lab;

namespace Overlay.Daemon.Demo;

/// <summary>What the demo needs from the machine, each missing thing in one line with its remedy.</summary>
internal static class DemoPrerequisites
{
    /// <summary>Checks without changing anything.</summary>
    /// <param name="store">Where the leases will be.</param>
    /// <exception cref="LabException">The first thing that is missing.</exception>
    internal static void Check(LabStore store)
    {
        CheckRoot();
        if (!File.Exists("/dev/net/tun"))
        {
            throw new LabException("/dev/net/tun is missing: modprobe tun");
        }

        if (store == LabStore.Etcd)
        {
            _ = LabEtcd.FindProgram();
        }
    }

    /// <summary>Checks that this is root.</summary>
    /// <exception cref="LabException">It is not.</exception>
    internal static void CheckRoot()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new LabException("needs root to make and remove network namespaces: run it with sudo");
        }
    }
}
