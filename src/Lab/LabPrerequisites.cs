using System;
using System.IO;

namespace Overlay.Lab;

/// <summary>What every lab needs from the machine, each missing thing in one line with its remedy.</summary>
public static class LabPrerequisites
{
    /// <summary>Checks that this is root.</summary>
    /// <exception cref="LabException">It is not.</exception>
    public static void CheckRoot()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new LabException("needs root to make and remove network namespaces: run it with sudo");
        }
    }

    /// <summary>Checks that this is root and that TUN devices can be had, without changing anything.</summary>
    /// <exception cref="LabException">The first thing that is missing.</exception>
    public static void Check()
    {
        CheckRoot();
        if (!File.Exists("/dev/net/tun"))
        {
            throw new LabException("/dev/net/tun is missing: modprobe tun");
        }
    }
}
