using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Overlay.Lab;
using Overlay.Lab.Cni;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Cni;

/// <summary>The CNI plugin with the real bridge, host-local and portmap, in namespaces.</summary>
public sealed class CniTests : LabTest
{
    private const int ManyPods = 50;

    // FLANNEL_IPMASQ=true: the daemon masquerades.
    private const string SubnetEnv =
        "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.7.1/24\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=true\n";

    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_pod_gets_address_gateway_routes_and_MTU_as_stocks_plugin_gives_them_and_loses_all_of_it()
    {
        TestLab lab = NewHost(SubnetEnv);
        CniRuntime runtime = NewRuntime(lab);
        HostPlan host = lab.Host(1);
        Assert.Equal("10.244.7.2/24", runtime.Add(host, host.PodNamespace));

        Assert.Equal(
            ["10.244.0.0/16 via 10.244.7.1 dev eth0", "10.244.7.0/24 dev eth0 proto kernel scope link src 10.244.7.2",
                "default via 10.244.7.1 dev eth0"],
            Lines(lab.Ip.Run("-n", host.PodNamespace, "route")).Order(StringComparer.Ordinal));
        string link = lab.Ip.Run("-n", host.PodNamespace, "link", "show", "eth0");
        Assert.Contains(" mtu 1472 ", link, StringComparison.Ordinal);
        string bridge = lab.Ip.Run("-n", host.HostNamespace, "addr", "show", "cni0");
        Assert.Contains("inet 10.244.7.1/24", bridge, StringComparison.Ordinal);
        Assert.DoesNotContain("MASQUERADE", Nat(lab), StringComparison.Ordinal);

        runtime.Delete(host, host.PodNamespace);
        Assert.DoesNotContain("eth0", lab.Ip.Run("-n", host.PodNamespace, "link"), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(runtime.DataDirectory(host)));
    }

    [Fact]
    public void CNI_18_the_delegate_masquerades_where_the_daemon_does_not()
    {
        TestLab lab = NewHost(SubnetEnv.Replace("=true", "=false", StringComparison.Ordinal));
        CniRuntime runtime = NewRuntime(lab);
        _ = runtime.Add(lab.Host(1), lab.Host(1).PodNamespace);
        Assert.Contains("MASQUERADE", Nat(lab), StringComparison.Ordinal);
    }

    [Fact]
    public void Pods_of_two_hosts_reach_each_other_by_their_own_addresses_and_one_by_a_port_of_its_host()
    {
        TestLab lab = NewLab(2);
        CniRuntime runtime = NewRuntime(lab);
        var port = new HostPort(8080, 80);
        RunningProgram[] daemons = [lab.Start(1, "--ip-masq"), lab.Start(2, "--ip-masq")];
        for (int number = 1; number <= 2; number++)
        {
            _ = lab.WaitUntilReady(daemons[number - 1], number);
        }

        HostPlan first = lab.Host(1);
        JsonObject config = runtime.FlannelConfig(first);
        CommandResult added = runtime.Call(first, "ADD", first.PodNamespace, config);
        Assert.Equal((0, ""), (added.ExitCode, added.ExitCode == 0 ? "" : added.Output));
        _ = runtime.Add(lab.Host(2), lab.Host(2).PodNamespace, port);

        using var pinger = new Pinger(first.PodNamespace);
        Assert.True(pinger.WaitForAnswer(lab.Pod(2), s_quiet, TestContext.Current.CancellationToken));
        Assert.Equal(
            lab.Host(2).PodNamespace,
            HostPortProbe.Ask(
                first.HostNamespace, lab.Host(2).UnderlayAddress, lab.Host(2).PodNamespace, port));

        // What FLANNEL_IPMASQ=true says is heeded: the delegate has no rule that gives pods' packets another source.
        Assert.DoesNotContain("CNI-", Nat(lab), StringComparison.Ordinal);

        config["prevResult"] = JsonNode.Parse(added.Output);
        Assert.Equal("", runtime.Call(first, "CHECK", first.PodNamespace, config).Output);
        _ = lab.Ip.Run("-n", first.PodNamespace, "addr", "flush", "dev", "eth0");
        Assert.Equal(1, runtime.Call(first, "CHECK", first.PodNamespace, config).ExitCode);
    }

    [Fact]
    public async Task Fifty_pods_at_once_get_fifty_addresses_and_give_them_back()
    {
        TestLab lab = NewHost(SubnetEnv);
        CniRuntime runtime = NewRuntime(lab);
        HostPlan host = lab.Host(1);
        string[] pods = [.. Enumerable.Range(0, ManyPods).Select(number => $"{lab.Plan.Prefix}-n{number}")];
        lab.Ip.Batch(null, [.. pods.Select(pod => $"netns add {pod}")]);
        try
        {
            string[] addresses = await Task.WhenAll(pods.Select(pod => Task.Run(() => runtime.Add(host, pod))));
            Assert.Equal(ManyPods, addresses.Distinct().Count());
            Assert.Equal(ManyPods, Directory.GetFiles(runtime.DataDirectory(host)).Length);

            await Task.WhenAll(pods.Select(pod => Task.Run(() => runtime.Delete(host, pod))));
            Assert.Empty(Directory.GetFiles(runtime.DataDirectory(host)));
            Assert.Empty(ReservedAddresses(lab));
        }
        finally
        {
            lab.Ip.BatchRegardless(null, [.. pods.Select(pod => $"netns del {pod}")]);
        }
    }

    // The delegate's script ends the plugin, which waits for it: before it has done anything, or after all of it.
    [Theory]
    [InlineData("kill -9 $PPID\nexit 1")]
    [InlineData("PLUGIN < /dev/stdin > /dev/null\nkill -9 $PPID")]
    public void What_a_killed_ADD_has_left_a_DEL_removes(string script)
    {
        TestLab lab = NewHost(SubnetEnv);
        HostPlan host = lab.Host(1);
        var real = CniPlugins.Find();
        string directory = Directory.CreateDirectory(Path.Combine(lab.Plan.Directory, "plugins")).FullName;
        string bridge = Path.Combine(directory, "bridge");
        string plugin = Path.Combine(real.Directory, "bridge");
        File.WriteAllText(bridge, "#!/bin/sh\n" + script.Replace("PLUGIN", plugin, StringComparison.Ordinal));
        File.SetUnixFileMode(bridge, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _ = File.CreateSymbolicLink(
            Path.Combine(directory, "host-local"), Path.Combine(real.Directory, "host-local"));
        var killed = new CniRuntime(lab.Plan, lab.Ip, real with { Directory = directory });
        Assert.Equal(
            128 + 9, killed.Call(host, "ADD", host.PodNamespace, killed.FlannelConfig(host)).ExitCode);
        Assert.Equal([$"{host.PodNamespace}:eth0"], Kept(killed, host));

        CniRuntime runtime = NewRuntime(lab);
        runtime.Delete(host, host.PodNamespace);
        Assert.Empty(Kept(runtime, host));
        Assert.Empty(ReservedAddresses(lab));
        Assert.DoesNotContain("eth0", lab.Ip.Run("-n", host.PodNamespace, "link"), StringComparison.Ordinal);
        _ = runtime.Add(host, host.PodNamespace);
    }

    [Fact]
    public void A_full_disk_refuses_the_pod_before_the_delegate_is_called_and_leaves_nothing()
    {
        using var disk = new SmallDisk(kilobytes: 16);
        TestLab lab = NewHost(SubnetEnv);
        CniRuntime runtime = NewRuntime(lab);
        HostPlan host = lab.Host(1);
        string filler = Path.Combine(disk.Path, "filler");
        Fill(filler);
        JsonObject config = runtime.FlannelConfig(host);
        config["dataDir"] = Path.Combine(disk.Path, "data");
        CommandResult full = runtime.Call(host, "ADD", host.PodNamespace, config);
        Assert.Equal(1, full.ExitCode);
        JsonNode said = JsonNode.Parse(full.Output)!;
        Assert.Equal(5, (int)said["code"]!);
        Assert.Contains("No space left", (string)said["msg"]!, StringComparison.Ordinal);
        Assert.DoesNotContain("eth0", lab.Ip.Run("-n", host.PodNamespace, "link"), StringComparison.Ordinal);
        Assert.True(
            !Directory.Exists((string)config["dataDir"]!)
                || !Directory.EnumerateFileSystemEntries((string)config["dataDir"]!).Any());

        File.Delete(filler);
        Assert.Equal(0, runtime.Call(host, "ADD", host.PodNamespace, config).ExitCode);
        Assert.Equal(0, runtime.Call(host, "DEL", host.PodNamespace, config).ExitCode);
    }

    private TestLab NewHost(string subnetEnv)
    {
        TestLab lab = NewLab(2);
        File.WriteAllText(lab.Host(1).SubnetFile, subnetEnv);
        return lab;
    }

    private static CniRuntime NewRuntime(TestLab lab)
    {
        Needs.Program(CniPlugins.Package, "/usr/lib/cni/bridge", "/opt/cni/bin/bridge", "/usr/libexec/cni/bridge");
        return new CniRuntime(lab.Plan, lab.Ip, CniPlugins.Find());
    }

    private static void Fill(string file)
    {
        using var stream = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                stream.Write(new byte[1024]);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private static string Nat(TestLab lab) =>
        lab.Ip.Run("netns", "exec", lab.Host(1).HostNamespace, "iptables", "-t", "nat", "-S");

    private static string[] Kept(CniRuntime runtime, HostPlan host) =>
        [.. Directory.EnumerateFiles(runtime.DataDirectory(host)).Select(file => Path.GetFileName(file))];

    // host-local keeps a file for each address, and two of its own.
    private static string[] ReservedAddresses(TestLab lab) =>
        [.. Directory.EnumerateFiles(Path.Combine(lab.Plan.Directory, "h1.ipam", "cbr0"))
            .Select(file => Path.GetFileName(file)).Where(name => char.IsAsciiDigit(name[0]))];

    private static IEnumerable<string> Lines(string text) =>
        text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
