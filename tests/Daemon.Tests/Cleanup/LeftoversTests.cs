using System;
using System.IO;
using System.Linq;
using Overlay.Daemon.Cleanup;
using Xunit;

namespace Overlay.Daemon.Tests.Cleanup;

public sealed class LeftoversTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("overlay-cni-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData(true, "vxlan", "flannel.1")]
    [InlineData(true, "vxlan", "flannel-v6.4096")]
    [InlineData(true, "ipip", "flannel.ipip")]
    [InlineData(true, "wireguard", "flannel-wg")]
    [InlineData(true, "wireguard", "flannel-wg-v6")]
    [InlineData(false, "vxlan", "flannel.1a")]
    [InlineData(false, "dummy", "flannel.1")]
    [InlineData(false, "wireguard", "wg0")]
    [InlineData(false, "ipip", "tunl0")]
    public void Devices_of_every_backend_of_flannels_go_by_their_kind_and_name(
        bool isFound, string kind, string name) => Assert.Equal(isFound, LeftoverLinks.IsFlannels(kind, name));

    [Fact]
    public void What_the_cni_plugins_own_is_named_and_left_and_an_empty_host_has_none()
    {
        Assert.Empty(CniFiles.Find(_root));
        foreach (string file in (string[])
            [
                "etc/cni/net.d/10-flannel.conflist", "etc/cni/net.d/99-loopback.conf",
                "var/lib/cni/networks/cbr0/10.42.1.2",
            ])
        {
            string path = Path.Combine(_root, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, string.Empty);
        }

        Directory.CreateDirectory(Path.Combine(_root, "var/lib/cni/flannel"));

        Assert.Equal(
            ["etc/cni/net.d/10-flannel.conflist", "var/lib/cni/networks"],
            CniFiles.Find(_root).Select(path => Path.GetRelativePath(_root, path)));
    }
}
