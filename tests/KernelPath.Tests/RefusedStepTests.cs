using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Linux;
using Overlay.Linux.Bpf;
using Overlay.Net;
using Overlay.Testing;
using Xunit;

namespace Overlay.KernelPath.Tests;

/// <summary>What a kernel without some part of what the kernel path needs makes of it.</summary>
[Collection(nameof(RefusedStepTests))]
public sealed class RefusedStepTests : IDisposable
{
    private readonly TestHost _host;
    private readonly TestHost _peer;

    public RefusedStepTests()
    {
        Needs.Root("makes network namespaces, bpf(2), seccomp(2)");
        Assert.SkipUnless(SystemCallFaults.AreAvailable, "knows the numbers of system calls on x86-64 only");
        (_host, _peer) = TestHost.Pair(Ipv4Address.Parse("192.168.7.1"), Ipv4Address.Parse("192.168.7.2"));
    }

    public void Dispose()
    {
        _host.Dispose();
        _peer.Dispose();
    }

    [Fact]
    public void Every_call_that_the_kernel_refuses_is_named_with_what_it_was_for_and_nothing_is_left()
    {
        OpenAndClose(-1, out _); // what a first run keeps for ever is no leak
        string[] before = Descriptors();
        var refusals = new List<string>();
        string? call;
        for (int step = 0; (call = OpenAndClose(step, out LinuxException? refusal)) is not null; step++)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{step} {call}: {refusal?.Message}");
            if (refusal is not null)
            {
                Assert.Equal(Errno.EOPNOTSUPP, refusal.Errno);
                Assert.Contains("EOPNOTSUPP (Operation not supported)", refusal.Message);
                Assert.DoesNotContain('\n', refusal.Message);
                refusals.Add(refusal.Message);
            }

            Assert.Equal(["lo", "tunnel", "wire"], _host.Netlink.GetLinks().Select(link => link.Name).Order());
            Assert.Empty(Programs(_host.TunnelIndex, BpfAttachPoint.Egress));
            Assert.Empty(Programs(_host.WireIndex, BpfAttachPoint.Ingress));
            Assert.Equal(before, Descriptors());
        }

        Assert.All(
            (string[])
            [
                "could not create the map overlay_routes", "could not create the map overlay_counts",
                "could not load the program overlay_out", "could not load the program overlay_deliver",
                "could not load the program overlay_return", "could not load the program overlay_in",
                $"could not attach a program to interface {_host.TunnelIndex}",
                $"could not attach a program to interface {_host.WireIndex}",
                "could not make a network namespace", "could not enter network namespace",
                "could not make the veth interface ovl", "could not make the vxlan interface ovl",
                "could not change the offloads of interface merge", "could not change the offloads of interface ovl",
            ],
            step => Assert.Contains(refusals, refusal => refusal.StartsWith(step, StringComparison.Ordinal)));
    }

    // The call that was refused, or null when there are no more; and what came of it.
    private string? OpenAndClose(int refused, out LinuxException? refusal)
    {
        LinuxException? caught = null;
        KernelForwarding? opened = null;
        string? call = _host.Namespace.Run(() => SystemCallFaults.Run(refused, () =>
        {
            try
            {
                opened = KernelForwarding.Open(
                    new KernelForwardingOptions(
                        _host.Own, _host.TunnelIndex, TestHost.TunnelMtu, _host.WireIndex,
                        Ipv4Prefix.Parse("10.5.0.0/16"), 24),
                    _host.Netlink);
            }
            catch (LinuxException problem)
            {
                caught = problem;
            }
        }));
        opened?.Dispose();
        refusal = caught;
        return call;
    }

    private BpfLink[] Programs(int interfaceIndex, BpfAttachPoint point) =>
        _host.Namespace.Run(() => BpfLink.OpenAll(interfaceIndex, point));

    // What this process has open of the kinds that the kernel path opens.
    private static string[] Descriptors() =>
    [
        .. Directory.EnumerateFileSystemEntries("/proc/self/fd")
            .Select(entry => new FileInfo(entry).LinkTarget ?? "")
            .Where(target => target.Contains("bpf", StringComparison.Ordinal)
                || target.StartsWith("net:", StringComparison.Ordinal)
                || target.StartsWith("socket:", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];
}

/// <summary>Counts descriptors: no other test runs beside it.</summary>
[CollectionDefinition(nameof(RefusedStepTests), DisableParallelization = true)]
public sealed class RefusedStepGroup;
