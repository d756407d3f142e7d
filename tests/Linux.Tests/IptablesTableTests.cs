using Overlay.Testing;
using Xunit;

namespace Overlay.Linux.Tests;

public sealed class IptablesTableTests
{
    [Fact]
    public void The_shape_of_a_table_is_another_one_when_a_rule_has_come_and_the_former_one_when_it_has_gone()
    {
        Needs.Program("iptables", "iptables-legacy");
        using var inside = new TemporaryNamespace();
        string? before = Shape(inside, "filter");
        Assert.SkipWhen(before is null, "needs the older iptables in the kernel (CONFIG_IP_NF_IPTABLES_LEGACY)");
        Assert.Equal(before, Shape(inside, "filter"));

        Change(inside, "-A FORWARD -j ACCEPT");
        Assert.NotEqual(before, Shape(inside, "filter"));
        Change(inside, "-F FORWARD");

        Assert.Equal(before, Shape(inside, "filter"));
        Assert.Null(Shape(inside, "nobodys"));
        Assert.Null(Shape(inside, new string('n', 40)));
    }

    private static string? Shape(TemporaryNamespace inside, string table) =>
        inside.Namespace.Run(() => IptablesTable.ReadShape(table));

    private static void Change(TemporaryNamespace inside, string words) =>
        Command.Run("ip", ["netns", "exec", inside.Name, "iptables-legacy", "-w", .. words.Split(' ')]);
}
