using System.Globalization;
using System.Linq;
using Overlay.Linux.Netlink;
using Xunit;

namespace Overlay.Linux.Tests;

public sealed class ReceivePacketSteeringTests
{
    [Theory]
    [InlineData(1, "1")]
    [InlineData(2, "3")]
    [InlineData(31, "7fffffff")]
    [InlineData(32, "ffffffff")]
    [InlineData(33, "1,ffffffff")]
    [InlineData(128, "ffffffff,ffffffff,ffffffff,ffffffff")]
    public void A_set_of_processors_is_words_of_32_bits_highest_first(int processors, string mask) =>
        Assert.Equal(mask, ReceivePacketSteering.MaskOf(processors));

    [Fact]
    public void An_interface_made_afterwards_spreads_over_all_processors_and_its_peer_elsewhere_does_not()
    {
        using var near = new TemporaryNamespace();
        using var far = new TemporaryNamespace();
        Assert.SkipUnless(
            far.Namespace.Run(ReceivePacketSteering.SpreadNewInterfaces),
            "net.core.rps_default_mask cannot be written (Linux 6.3, and a writable /proc/sys)");

        near.Namespace.Run(() =>
        {
            using var netlink = RouteNetlink.Open();
            netlink.CreateVethPair("near", "far", far.Namespace, 1500);
        });

        Assert.Equal(ReceivePacketSteering.MaskOf(ProcessorCount.ReadPossible()), MaskOf(far, "far"));
        Assert.Equal("0", MaskOf(near, "near"));
    }

    // The kernel writes every word with leading zeros; the highest of ours has none.
    private static string MaskOf(TemporaryNamespace place, string link)
    {
        string mask = Command.Run(
            "ip", ["netns", "exec", place.Name, "cat", $"/sys/class/net/{link}/queues/rx-0/rps_cpus"]).Trim();
        string[] words = [.. mask.Split(',').SkipWhile(word => word.All(digit => digit == '0'))];
        return words.Length == 0
            ? "0"
            : string.Join(',', words.Select((word, at) => at > 0
                ? word
                : uint.Parse(word, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                    .ToString("x", CultureInfo.InvariantCulture)));
    }
}
