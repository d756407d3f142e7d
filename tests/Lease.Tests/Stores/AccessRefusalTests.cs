using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Lease.Stores;
using Xunit;

namespace Overlay.Lease.Tests.Stores;

/// <summary>Why something is refused, by owners, groups and modes alone.</summary>
public sealed class AccessRefusalTests
{
    private const NodeRights All = NodeRights.Read | NodeRights.Write | NodeRights.Enter;
    private const uint Me = 1000, Mine = 1000, Shared = 5000, Other = 5001;

    [Theory]
    [InlineData(Me, Mine, "0077", All)] // the owner's bits count, though everybody else may
    [InlineData(Other, Shared, "0707", All)]
    [InlineData(Other, Other, "0770", All)]
    [InlineData(Other, Shared, "0750", NodeRights.Write)]
    [InlineData(Other, Other, "0007", NodeRights.None)]
    public void One_class_of_the_mode_decides(uint user, uint group, string mode, object lacking)
    {
        StoreNode node = Node("/d/subnets", user, group, mode, All);
        Assert.Equal((NodeRights)lacking, node.Lacking(new ProcessIdentity(Me, [Mine, Shared])));
    }

    [Theory]
    [InlineData("2775", Shared, "0664", Shared, "2775", "run as a member of group 5000, or add user 1000 to that group "
        + "and start again", false)]
    [InlineData("2775", Shared, "0644", Shared, "2775", "allow it with: chmod g+w /d/.lock", true)]
    [InlineData("2775", Shared, "0664", Other, "2775", "allow it with: chgrp --reference=/d /d/.lock", true)]
    [InlineData("2775", Shared, "0600", Other, "0755", "allow it with: chgrp --reference=/d /d/.lock && chmod g+rw "
        + "/d/.lock && chmod g+ws /d/subnets", true)]
    [InlineData("3775", Shared, "0600", Other, "2775", "run as root, or let group 5000 share the directory with: chgrp "
        + "-R 5000 /d && chmod -R g+rwX /d && chmod g+s,o-w,-t /d /d/subnets", true)]
    [InlineData("0777", 0u, "0600", Other, "0777", "run as user 5001 or as root, or let a GROUP that user 1000 is in "
        + "share the directory with: chgrp -R GROUP /d && chmod -R g+rwX /d && chmod g+s /d /d/subnets", false)]
    [InlineData("2775", Shared, "0600", Shared, "2775", "run as root, or let a GROUP that user 1000 is in share the "
        + "directory with: chgrp -R GROUP /d && chmod -R g+rwX /d && chmod g+s /d /d/subnets", false)]
    public void The_remedy_is_what_is_missing(
        string mode, uint group, string lockMode, uint lockGroup, string subnetsMode, string remedy, bool isMember)
    {
        StoreNode held = Node("/d/.lock", Other, lockGroup, lockMode, NodeRights.Read | NodeRights.Write);
        var others = new List<StoreNode> { Config("0644"), held };
        others.Add(Node("/d/subnets", 0, group, subnetsMode, All));
        string said = Refusal(Node("/d", 0, group, mode, NodeRights.Enter), others, isMember)
            .Explain(held, holdsForeignFile: false);
        Assert.EndsWith($"; {remedy}", said, StringComparison.Ordinal);
        Assert.StartsWith(
            $"/d/.lock belongs to user 5001, group {lockGroup} and has mode {lockMode}, so user 1000", said,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Who_is_not_in_the_group_that_may_is_told_so()
    {
        StoreNode root = Node("/d", 0, Shared, "2770", NodeRights.Write | NodeRights.Enter);
        Assert.Equal(
            "/d belongs to user 0, group 5000 and has mode 2770, so user 1000, who is not in group 5000, may not write "
                + "into it; run as a member of group 5000, or add user 1000 to that group and start again",
            Refusal(root, [], isMember: false).Explain(root, holdsForeignFile: false));
    }

    [Fact]
    public void What_is_ones_own_is_opened_to_oneself_and_the_config_to_all()
    {
        StoreNode root = Node("/d e", Me, Mine, "0755", NodeRights.Enter), config = Config("0600");
        StoreNode held = Node("/d e/.lock", Me, Mine, "0466", NodeRights.Read | NodeRights.Write);
        Assert.EndsWith(
            "so user 1000 may not read it; allow it with: chmod a+r /d/config && chmod u+w '/d e/.lock'",
            Refusal(root, [config, held], isMember: false).Explain(config, holdsForeignFile: false),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3775", 0u, true, "by its sticky bit only a file's owner, the directory's owner (user 0) or root may")]
    [InlineData("3775", 0u, false, "and yet that is refused")]
    [InlineData("3775", Me, true, "and yet that is refused")]
    [InlineData("2775", 0u, true, "and yet that is refused")]
    public void What_the_mode_allows_is_not_blamed_on_it(string mode, uint user, bool holdsForeignFile, string why)
    {
        StoreNode subnets = Node("/d/subnets", user, Shared, mode, All);
        StoreNode root = Node("/d", 0, Shared, "2775", NodeRights.Enter);
        string said = Refusal(root, [subnets], isMember: true).Explain(subnets, holdsForeignFile);
        Assert.Contains(why, said, StringComparison.Ordinal);
        Assert.DoesNotContain("chmod", said, StringComparison.Ordinal);
        Assert.DoesNotContain("chgrp", said, StringComparison.Ordinal);
    }

    [Fact]
    public void The_identity_is_that_by_which_the_kernel_checks_files()
    {
        string[] status = ["Name:\tUid:", "Uid:\t1\t2\t3\t4", "Gid:\t5\t6\t7\t8", "Groups:\t9 10 "];
        var who = ProcessIdentity.Parse(status);
        Assert.Equal(4u, who?.User);
        Assert.Equal([8u, 9u, 10u], who?.Groups);
        Assert.Equal([8u], ProcessIdentity.Parse([.. status.Take(3), "Groups:\t"])?.Groups);
        Assert.Null(ProcessIdentity.Parse(status[..3]));
        Assert.Null(ProcessIdentity.Parse(["Uid:\t1", .. status[2..]]));
        Assert.NotNull(ProcessIdentity.Current());
    }

    private static AccessRefusal Refusal(StoreNode root, IReadOnlyList<StoreNode> others, bool isMember) => new(
        root,
        others,
        others.Any(node => node.Path == "/d/subnets") ? "/d/subnets" : null,
        new ProcessIdentity(Me, isMember ? [Mine, Shared] : [Mine]));

    private static StoreNode Config(string mode) => Node("/d/config", 0, 0, mode, NodeRights.Read);

    private static StoreNode Node(string path, uint user, uint group, string mode, NodeRights needed) => new(
        path, needed.HasFlag(NodeRights.Enter), user, group, (UnixFileMode)Convert.ToInt32(mode, 8), needed);
}
