using System;
using System.IO;
using System.Threading;
using Overlay.Linux.Netlink;
using Overlay.Testing;
using Xunit;

namespace Overlay.Linux.Tests;

public sealed class NetworkNamespaceTests
{
    [Fact]
    public void A_socket_opened_inside_stays_inside()
    {
        using var inside = new TemporaryNamespace();
        inside.Ip("tuntap add name probe0 mode tun");

        using RouteNetlink opened = inside.Namespace.Run(RouteNetlink.Open);
        using var outside = RouteNetlink.Open();

        Assert.NotNull(opened.FindLink("probe0"));
        Assert.Null(outside.FindLink("probe0"));
    }

    [Fact]
    public void The_namespace_of_the_caller_does_not_change()
    {
        using var inside = new TemporaryNamespace();
        string before = Current();

        string during = inside.Namespace.Run(Current);

        Assert.NotEqual(before, during);
        Assert.Equal(before, Current());
    }

    [Fact]
    public void The_body_runs_on_a_thread_of_its_own_that_is_not_of_the_pool()
    {
        using var inside = new TemporaryNamespace();

        (int id, bool pooled) = inside.Namespace.Run(
            () => (Environment.CurrentManagedThreadId, Thread.CurrentThread.IsThreadPoolThread));

        Assert.NotEqual(Environment.CurrentManagedThreadId, id);
        Assert.False(pooled);
    }

    [Fact]
    public void What_the_body_throws_comes_out_with_its_message_and_its_stack()
    {
        using var inside = new TemporaryNamespace();

        InvalidOperationException thrown = Assert.Throws<InvalidOperationException>(
            () => inside.Namespace.Run(ThrowFromTheBody));

        Assert.Equal("from the body", thrown.Message);
        Assert.Contains(nameof(ThrowFromTheBody), thrown.StackTrace);
    }

    [Fact]
    public void The_current_namespace_is_that_of_the_calling_thread()
    {
        using var inside = new TemporaryNamespace();
        using NetworkNamespace current = inside.Namespace.Run(NetworkNamespace.OpenCurrent);

        Assert.Equal(inside.Namespace.Run(Current), current.Run(Current));
    }

    [Fact]
    public void A_name_that_does_not_exist_is_ENOENT_with_advice()
    {
        LinuxException thrown = Assert.Throws<LinuxException>(
            () => NetworkNamespace.Open("/run/netns/no-such-namespace"));

        Assert.Equal(Errno.ENOENT, thrown.Errno);
        Assert.Contains("ip netns add", thrown.Message);
    }

    [Fact]
    public void A_file_that_is_not_a_namespace_is_EINVAL()
    {
        Needs.Root("setns");
        using var wrong = NetworkNamespace.Open("/dev/null");

        LinuxException thrown = Assert.Throws<LinuxException>(() => wrong.Run(() => { }));

        Assert.Equal(Errno.EINVAL, thrown.Errno);
    }

    [Fact]
    public void A_disposed_namespace_is_refused()
    {
        var disposed = NetworkNamespace.OpenCurrent();
        disposed.Dispose();

        Assert.Throws<ObjectDisposedException>(() => disposed.Run(() => { }));
    }

    // always a link: namespaces(7)
    private static string Current() => new FileInfo("/proc/thread-self/ns/net").LinkTarget!;

    private static void ThrowFromTheBody() => throw new InvalidOperationException("from the body");
}
