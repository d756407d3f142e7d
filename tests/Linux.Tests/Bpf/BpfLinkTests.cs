using System;
using Overlay.Linux.Bpf;
using Overlay.Linux.Netlink;
using Xunit;

namespace Overlay.Linux.Tests.Bpf;

public sealed class BpfLinkTests
{
    [Fact]
    public void A_link_knows_whether_its_program_is_still_on_the_interface()
    {
        using var inside = new TemporaryNamespace();
        inside.Ip("link add a0 type veth peer name a1");
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        int index = netlink.FindLink("a0")!.Index; // made above
        using BpfProgram program = Program();
        using BpfLink first = inside.Namespace.Run(() => BpfLink.Attach(program, index, BpfAttachPoint.Ingress));
        using BpfLink second = inside.Namespace.Run(() => BpfLink.Attach(program, index, BpfAttachPoint.Egress));
        Assert.True(first.IsAttached);
        Assert.True(second.IsAttached);

        Assert.True(netlink.DeleteLink(index));

        Assert.False(first.IsAttached);
        Assert.False(second.IsAttached);
    }

    [Fact]
    public void Whoever_opens_a_link_can_detach_its_program_and_one_of_ours_goes_although_somebody_holds_it()
    {
        using var inside = new TemporaryNamespace();
        using BpfProgram program = Program();
        using BpfLink first = inside.Namespace.Run(() => BpfLink.Attach(program, 1, BpfAttachPoint.Ingress));
        using BpfProgram behind = Program();
        using BpfLink second = inside.Namespace.Run(() => BpfLink.Attach(behind, 1, BpfAttachPoint.Ingress));
        BpfLink[] held = inside.Namespace.Run(() => BpfLink.OpenAll(1, BpfAttachPoint.Ingress));
        Assert.Equal(2, held.Length);
        Assert.Empty(inside.Namespace.Run(() => BpfLink.OpenAll(1, BpfAttachPoint.Egress)));

        Assert.True(held[1].Detach().Succeeded);
        Assert.True(first.IsAttached);
        Assert.False(second.IsAttached);
        Assert.True(second.Detach().Succeeded); // it was gone

        first.Dispose();
        Assert.False(held[0].IsAttached);
        Array.ForEach(held, link => link.Dispose());
    }

    [Fact]
    public void An_interface_that_is_not_there_is_ENODEV()
    {
        using var inside = new TemporaryNamespace();
        using BpfProgram program = Program();

        LinuxException thrown = Assert.Throws<LinuxException>(
            () => inside.Namespace.Run(() => BpfLink.Attach(program, 4242, BpfAttachPoint.Ingress)));

        Assert.Equal(Errno.ENODEV, thrown.Errno);
        Assert.Contains("interface 4242", thrown.Message);
    }

    private static BpfProgram Program()
    {
        var code = new BpfAssembler();
        code.Exit(-1);
        return BpfProgram.Load("test", code.Finish());
    }
}
