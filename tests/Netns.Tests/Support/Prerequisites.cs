using System.IO;
using System.Linq;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>What these tests need from the machine; where it is missing they are skipped with the reason.</summary>
internal static class Prerequisites
{
    /// <summary>Skips the running test when it cannot be run here.</summary>
    /// <param name="tools">Programs beside <c>ip</c>, and where each comes from: <c>("ping",
    /// "iputils-ping")</c>.</param>
    internal static void Require(params (string Program, string Package)[] tools)
    {
        Needs.Root("makes network namespaces");
        if (!File.Exists("/dev/net/tun"))
        {
            Assert.Skip("needs /dev/net/tun: modprobe tun, or pass the device to the container");
        }

        foreach ((string program, string package) in tools.Prepend(("ip", "iproute2")))
        {
            Needs.Program(package, program);
        }
    }

    /// <summary>As <see cref="Require"/>, with etcd.</summary>
    internal static void RequireEtcd()
    {
        Require();
        Needs.Server("etcd-server", "etcd");
    }
}
