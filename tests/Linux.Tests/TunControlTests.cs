using System;
using System.Linq;
using System.Text.Json;
using Overlay.Testing;
using Xunit;

namespace Overlay.Linux.Tests;

public sealed class TunControlTests
{
    [Theory]
    [InlineData("t")]
    [InlineData("fifteen-bytes-0")]
    public void An_interface_gets_exactly_its_name_and_goes_with_its_descriptor(string name)
    {
        using var inside = new TemporaryNamespace();
        using (SafeFd fd = inside.Namespace.Run(() => TunControl.CreateInterface(name)))
        {
            Assert.Contains(inside.IpJson("link show"), link => link.GetProperty("ifname").GetString() == name);
        }

        Assert.DoesNotContain(inside.IpJson("link show"), link => link.GetProperty("ifname").GetString() == name);
    }

    [Fact]
    public void A_numbered_interface_gets_the_first_free_name_whatever_holds_the_others()
    {
        using var inside = new TemporaryNamespace();
        inside.Ip("link add flannel0 type bridge");
        inside.Ip("tuntap add flannel1 mode tun");
        using SafeFd first = inside.Namespace.Run(() => TunControl.CreateNumberedInterface("flannel", out string name));

        string[] names = [.. inside.IpJson("link show").Select(link => link.GetProperty("ifname").GetString()!)];
        Assert.Equal(["flannel0", "flannel1", "flannel2"], names.Where(name => name != "lo").Order());
        Assert.Equal(
            "flannel3",
            inside.Namespace.Run(() =>
            {
                using SafeFd second = TunControl.CreateNumberedInterface(
                    "flannel", out string name, virtioNetHeader: true, multiQueue: true);
                using SafeFd queue = TunControl.AddQueue(name, virtioNetHeader: true);
                return name;
            }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("sixteen-bytes-01")]
    [InlineData("fünfzehn-zeiche")] // 15 letters, 16 bytes
    [InlineData("flannel%d")]
    public void A_name_the_kernel_would_cut_or_fill_in_is_refused(string name) =>
        Assert.Throws<ArgumentException>(() => TunControl.CreateInterface(name));

    [Fact]
    public void An_interface_that_another_holds_or_that_was_made_to_stay_is_refused_with_both_remedies()
    {
        using var inside = new TemporaryNamespace();
        using (SafeFd first = inside.Namespace.Run(() => TunControl.CreateInterface("held0")))
        {
            LinuxException held = Assert.Throws<LinuxException>(
                () => inside.Namespace.Run(() => TunControl.CreateInterface("held0")));
            Assert.Equal(Errno.EBUSY, held.Errno);
            Assert.Contains("fuser", held.Message);
        }

        inside.Ip("tuntap add kept0 mode tun");
        LinuxException kept = Assert.Throws<LinuxException>(
            () => inside.Namespace.Run(() => TunControl.CreateInterface("kept0")));
        Assert.Equal(Errno.EBUSY, kept.Errno);
        Assert.Contains("ip link del kept0", kept.Message);
    }

    [Fact]
    public void Further_queues_join_an_interface_made_for_several_and_a_second_owner_is_still_refused()
    {
        using var inside = new TemporaryNamespace();
        using SafeFd first = inside.Namespace.Run(
            () => TunControl.CreateInterface("many0", virtioNetHeader: true, multiQueue: true));
        using SafeFd second = inside.Namespace.Run(() => TunControl.AddQueue("many0", virtioNetHeader: true));

        LinuxException held = Assert.Throws<LinuxException>(
            () => inside.Namespace.Run(
                () => TunControl.CreateInterface("many0", virtioNetHeader: true, multiQueue: true)));

        Assert.Equal(Errno.EBUSY, held.Errno);
        JsonElement link = Assert.Single(inside.IpJson("link show many0"));
        JsonElement data = link.GetProperty("linkinfo").GetProperty("info_data");
        Assert.True(data.GetProperty("multi_queue").GetBoolean());
        Assert.True(data.GetProperty("vnet_hdr").GetBoolean());
        Assert.Equal(2, data.GetProperty("numqueues").GetInt32());
    }

    [Fact]
    public void An_interface_made_for_one_queue_takes_no_second()
    {
        using var inside = new TemporaryNamespace();
        using SafeFd first = inside.Namespace.Run(() => TunControl.CreateInterface("one0"));

        LinuxException refused = Assert.Throws<LinuxException>(
            () => inside.Namespace.Run(() => TunControl.AddQueue("one0", virtioNetHeader: false)));

        Assert.True(refused.Errno is Errno.EINVAL or Errno.EBUSY, refused.Message);
    }

    [Fact]
    public void The_interface_goes_with_the_last_of_its_queues()
    {
        using var inside = new TemporaryNamespace();
        SafeFd first = inside.Namespace.Run(() => TunControl.CreateInterface("many0", multiQueue: true));
        SafeFd second = inside.Namespace.Run(() => TunControl.AddQueue("many0", virtioNetHeader: false));

        first.Dispose();
        Assert.Contains(inside.IpJson("link show"), link => link.GetProperty("ifname").GetString() == "many0");
        second.Dispose();
        Assert.DoesNotContain(inside.IpJson("link show"), link => link.GetProperty("ifname").GetString() == "many0");
    }

    [Fact]
    public void Offloads_are_what_the_kernel_then_says_they_are_and_an_unknown_one_is_EINVAL()
    {
        using var inside = new TemporaryNamespace();
        using SafeFd queue = inside.Namespace.Run(() => TunControl.CreateInterface("off0", virtioNetHeader: true));

        Assert.True(
            TunControl.SetOffloads(queue, TunOffloads.Checksum | TunOffloads.TcpV4 | TunOffloads.TcpEcn).Succeeded);
        Assert.Equal((true, true, false), Features(inside, "off0"));
        Assert.Equal(Errno.EINVAL, TunControl.SetOffloads(queue, (TunOffloads)0x4000_0001).Errno);
        Assert.Equal((true, true, false), Features(inside, "off0"));
        Assert.True(TunControl.SetOffloads(queue, TunOffloads.None).Succeeded);
        Assert.Equal((false, false, false), Features(inside, "off0"));
    }

    [Fact]
    public void UDP_is_cut_for_both_families_or_for_none()
    {
        using var inside = new TemporaryNamespace();
        using SafeFd queue = inside.Namespace.Run(() => TunControl.CreateInterface("off0", virtioNetHeader: true));
        if (!TunControl.SetOffloads(queue, TunOffloads.Checksum | TunOffloads.UdpV4 | TunOffloads.UdpV6).Succeeded)
        {
            Assert.Skip("needs Linux 6.2: TUN_F_USO4");
        }

        Assert.Equal((true, false, true), Features(inside, "off0"));
        Assert.Equal(Errno.EINVAL, TunControl.SetOffloads(queue, TunOffloads.Checksum | TunOffloads.UdpV4).Errno);
    }

    /// <summary>Whether the driver leaves checksums, TCP segmentation and UDP segmentation to its reader.</summary>
    private static (bool Checksum, bool Tcp, bool Udp) Features(TemporaryNamespace inside, string name)
    {
        Needs.Program("ethtool", "ethtool");
        string features = Command.Run("ip", ["netns", "exec", inside.Name, "ethtool", "-k", name]);
        return (IsOn("tx-checksum-ip-generic"), IsOn("tx-tcp-segmentation"), IsOn("tx-udp-segmentation"));

        bool IsOn(string feature) => features.Contains($"{feature}: on", StringComparison.Ordinal);
    }
}
