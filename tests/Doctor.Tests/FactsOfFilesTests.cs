using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Overlay.Doctor.Checks;
using Overlay.Doctor.Checks.Host;
using Overlay.Doctor.Checks.Pods;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Testing;
using Xunit;

namespace Overlay.Doctor.Tests;

/// <summary>What the checks make of units of systemd and configurations of CNI.</summary>
public sealed class FactsOfFilesTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("overlay-doctor-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void Our_own_unit_has_what_the_daemon_needs_and_no_more()
    {
        Write("usr/lib/systemd/system/overlay.service", Repository.Read(Unit()));
        Assert.Empty(Found(new UnitCheck()));
    }

    [Theory]
    [InlineData("", "S5")] // root with everything
    [InlineData("User=flannel", "H2")]
    [InlineData("User=flannel\nAmbientCapabilities=CAP_NET_RAW", "H2")]
    [InlineData("User=flannel\nAmbientCapabilities=CAP_NET_ADMIN\nAmbientCapabilities=", "H2")] // empty begins anew
    [InlineData("User=flannel\nAmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN")]
    [InlineData("CapabilityBoundingSet=CAP_NET_RAW", "H2")]
    [InlineData("CapabilityBoundingSet=CAP_NET_ADMIN")]
    [InlineData("CapabilityBoundingSet=CAP_NET_ADMIN\nPrivateDevices=true", "H4")]
    [InlineData("CapabilityBoundingSet=CAP_NET_ADMIN\nDevicePolicy=closed", "H4")]
    [InlineData("CapabilityBoundingSet=CAP_NET_ADMIN\nDevicePolicy=closed\nDeviceAllow=/dev/net/tun rw")]
    public void A_unit_is_told_what_it_lacks_and_what_it_has_too_much(string lines, params string[] rows)
    {
        Write("lib/systemd/system/flanneld.service", $"[Service]\n# User=nobody\n{lines}\n");
        Assert.Equal(rows, Found(new UnitCheck()));
    }

    [Fact]
    public void A_drop_in_counts_after_the_unit_and_the_administrators_unit_hides_the_packages()
    {
        Write("lib/systemd/system/flanneld.service", "PrivateDevices=yes");
        Write("etc/systemd/system/flanneld.service", "PrivateDevices=yes\nCapabilityBoundingSet=CAP_NET_ADMIN");
        Assert.Equal(["H4"], Found(new UnitCheck()));

        Write("run/systemd/system/flanneld.service.d/50-tun.conf", "[Service]\nPrivateDevices=no");
        Assert.Empty(Found(new UnitCheck()));
    }

    [Theory]
    [InlineData("""{"type":"flannel","delegate":{"hairpinMode":true}}""")]
    [InlineData("""{"plugins":[{"type":"flannel","delegate":{"hairpinMode":true}}]}""")]
    [InlineData("""{"plugins":[{"type":"flannel","delegate":{}},{"type":"portmap"}]}""", "N9")]
    [InlineData("""{"plugins":[{"type":"calico"}]}""")] // another network, whose business it is
    [InlineData("""{"plugins":{"type":7}""")]
    [InlineData("""[]""")]
    [InlineData("""{"plugins":[7]}""")]
    public void A_configuration_of_CNI_is_read_however_it_is_written(string json, params string[] rows)
    {
        Write("etc/cni/net.d/10-flannel.conflist", json);
        Assert.Equal(rows, Found(new CniConfigCheck()));
    }

    [Fact]
    public void A_subnet_file_that_is_a_device_or_a_pipe_is_not_waited_for()
    {
        string pipe = Path.Combine(_root.FullName, "pipe");
        using (var made = Process.Start("mkfifo", [pipe]))
        {
            made.WaitForExit();
        }

        foreach (string path in (string[])["/dev/zero", pipe])
        {
            var host = new HostFacts(daemon: null, store: null, path, _root.FullName, network: NetworkFacts.None);
            Finding missing = Assert.Single(new SubnetFileCheck().Look(host));
            Assert.StartsWith($"{path} cannot be read", missing.Why, StringComparison.Ordinal);
            Assert.Equal([$"{path}: no regular file"], host.Notes.Lines);
        }
    }

    [Fact]
    public void What_root_alone_is_shown_is_no_fault_when_another_user_looks()
    {
        Write("proc/net/udp", "  sl  local_address\n   1: 00000000:205D 00000000:0000 07\n"); // 8285
        Directory.CreateDirectory(Path.Combine(_root.FullName, "dev/net/tun")); // which cannot be opened as a file
        foreach (bool isRoot in (bool[])[true, false])
        {
            var host = new HostFacts(
                daemon: null, store: null, "/nonexistent", _root.FullName, _root.FullName, NetworkFacts.None)
            {
                IsRoot = isRoot,
            };
            string[] found =
            [
                .. ((ICheck[])[new TunDeviceCheck(), new PortTakenCheck()]).SelectMany(check => check.Look(host))
                    .Select(finding => finding.Row.Id),
            ];
            Assert.Equal(isRoot ? ["H3", "H7"] : [], found);
            Assert.Equal(isRoot ? 0 : 2, host.Notes.Lines.Count);
        }
    }

    private string[] Found(ICheck check) =>
    [
        .. check.Look(new HostFacts(daemon: null, store: null, "/nonexistent", _root.FullName, network:
            NetworkFacts.None)).Select(finding => finding.Row.Id),
    ];

    private static string Unit() => Path.GetRelativePath(
        Repository.Root,
        Directory.EnumerateFiles(
            Path.Combine(Repository.Root, "dist"), "overlay.service", SearchOption.AllDirectories).Single());

    private void Write(string file, string text)
    {
        string path = Path.Combine(_root.FullName, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
