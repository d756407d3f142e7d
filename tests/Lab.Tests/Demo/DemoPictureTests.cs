using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Demo;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Lab.Tests.Demo;

public sealed class DemoPictureTests
{
    private static readonly HostReport s_left = new("h1", "10.244.1.0/24", "172.16.0.5", 1472)
    {
        GatewayIp = "10.244.1.1",
        PodIp = "10.244.1.2",
    };

    private static readonly HostReport s_right = new("h2", "10.244.105.0/24", "172.16.0.4", 1472)
    {
        GatewayIp = "10.244.105.1",
        PodIp = "10.244.105.2",
    };

    [Theory]
    [InlineData(true, "udp", "UDP 8285")]
    [InlineData(false, "udp", "UDP 8285")]
    [InlineData(true, "host-gw", "Ethernet")]
    public void Every_line_is_as_wide_as_the_box_and_carries_the_real_addresses(
        bool unicode, string backend, string cable)
    {
        IReadOnlyList<string> lines = DemoPicture.Lines(s_left, s_right, DemoBackend.Find(backend)!, unicode);

        Assert.Equal(6, lines.Count);
        Assert.Single(lines.Skip(1).Select(line => line.Length).Distinct());
        string all = string.Join('\n', lines);
        Assert.All(
            new[] { s_left, s_right }.SelectMany(host => new[] { host.PublicIp, host.PodIp, host.GatewayIp }),
            address => Assert.Contains(address, all));
        Assert.Contains(cable, all);
        Assert.Equal(backend == "udp", all.Contains("flannel0", StringComparison.Ordinal));
        Assert.Equal(unicode, all.Any(character => character > 127));
    }

    [Theory]
    [InlineData("C", null, "en_US.UTF-8", false)]
    [InlineData("", "", "en_US.UTF-8", true)]
    [InlineData(null, "C.utf8", "C", true)]
    [InlineData(null, null, null, false)]
    public void The_first_locale_variable_that_is_set_decides(string? all, string? type, string? lang, bool unicode) =>
        Assert.Equal(
            unicode, TerminalText.IsUnicode(name => name switch { "LC_ALL" => all, "LC_CTYPE" => type, _ => lang }));
}
