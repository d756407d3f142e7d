using System;
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
            LinuxException held = Assert.Throws<LinuxException>(() => inside.Namespace.Run(() => TunControl.CreateInterface("held0")));
            Assert.Equal(Errno.EBUSY, held.Errno);
            Assert.Contains("fuser", held.Message);
        }

        inside.Ip("tuntap add kept0 mode tun");
        LinuxException kept = Assert.Throws<LinuxException>(() => inside.Namespace.Run(() => TunControl.CreateInterface("kept0")));
        Assert.Equal(Errno.EBUSY, kept.Errno);
        Assert.Contains("ip link del kept0", kept.Message);
    }
}
