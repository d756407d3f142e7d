using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using Overlay.Lab;
using Overlay.Linux;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.StartStop;

/// <summary>A host without a daemon, for tries to start one.</summary>
public sealed class BareHost : IDisposable
{
    private TestLab? _lab;

    internal TestLab Lab => _lab ??= new TestLab(2);

    public void Dispose() => _lab?.Dispose();
}

/// <summary>
/// A start that fails says why in its last line, ends with an exit code that is not 0, and leaves nothing.
/// </summary>
public sealed class StartUpTests(BareHost bare) : LabTest, IClassFixture<BareHost>
{
    private TestLab Lab => Share(bare.Lab);

    private string Namespace => Lab.Host(1).HostNamespace;

    [Fact]
    public void A_second_instance_with_the_same_run_directory()
    {
        var first = new StartAttempt(Lab);
        using RunningProgram running = first.Start();
        running.AwaitError(" ready: ");
        string runDirectory = Path.Combine(Path.GetDirectoryName(first.SubnetFile)!, "run");
        StartAttempt second = new StartAttempt(Lab).With("--run-dir", runDirectory);

        CommandResult result = second.Run();

        StartAttempt.IsRefusedWithOneLine(
            result, exitCode: 1, "another overlay", $"process {running.Id}", runDirectory, "stop it", "--run-dir");
        second.IsWithoutTraces();
        StillWorks(running, first);
    }

    [Fact]
    public void A_second_instance_with_another_run_directory()
    {
        var first = new StartAttempt(Lab);
        using RunningProgram running = first.Start();
        running.AwaitError(" ready: ");
        var second = new StartAttempt(Lab);

        CommandResult result = second.Run();

        StartAttempt.IsRefusedWithOneLine(
            result, exitCode: 1, $"{Lab.Host(1).UnderlayAddress}:8285", "another process", "ss -ulnp");
        second.IsWithoutTraces();
        Assert.False(Lab.Ip.TryRun("-n", Namespace, "link", "show", "flannel1").Succeeded);
        StillWorks(running, first);
    }

    [Fact]
    public void H1_A_missing_tun_device_node()
    {
        Prerequisites.Require(("unshare", "util-linux"));
        var attempt = new StartAttempt(Lab);

        CommandResult result = attempt.Run(
            "unshare", "--mount", "sh", "-c", "mount -t tmpfs none /dev/net && exec \"$@\"", "sh");

        attempt.IsRefused(result, "/dev/net/tun", "modprobe tun", "--device /dev/net/tun", "PrivateDevices=yes");
    }

    [Fact]
    public void H3_H4_A_tun_device_node_that_may_not_be_opened()
    {
        Prerequisites.Require(("unshare", "util-linux"));
        var attempt = new StartAttempt(Lab);

        // As a device cgroup or PrivateDevices= refuses it.
        CommandResult result = attempt.Run(
            "unshare", "--mount", "sh", "-c",
            "mount -t tmpfs -o nodev none /dev/net && mknod /dev/net/tun c 10 200 && exec \"$@\"", "sh");

        attempt.IsRefused(
            result, "/dev/net/tun", "CharDevice", "NET_ADMIN", "PrivateDevices=no", "DeviceAllow=/dev/net/tun rw");
    }

    [Fact]
    public void H2_No_capability_to_administer_the_network()
    {
        Prerequisites.Require(("setpriv", "util-linux"));
        var attempt = new StartAttempt(Lab);

        CommandResult result = attempt.Run("setpriv", "--bounding-set", "-net_admin");

        attempt.IsRefused(result, "flannel0", "CAP_NET_ADMIN", "root");
    }

    [Fact]
    public void Without_the_capability_for_raw_sockets_it_starts_and_one_line_says_what_is_missing()
    {
        Prerequisites.Require(("setpriv", "util-linux"));
        List<string> words = [.. Lab.DaemonWords(1)];
        words.InsertRange(words.IndexOf(RunningProgram.OverlayPath), ["setpriv", "--bounding-set", "-net_raw"]);
        using var daemon = RunningProgram.Start(words);

        daemon.AwaitError(" ready: ");

        Assert.Single(
            daemon.Errors, line => line.Contains("no ICMP errors will be sent: ", StringComparison.Ordinal));
        Assert.Contains(daemon.Errors, line => line.Contains("CAP_NET_RAW", StringComparison.Ordinal));
        _ = Lab.AwaitWarning(1, "no-icmp-errors");
    }

    [Fact]
    public void H7_A_busy_udp_port()
    {
        using Socket holder = NamespaceSocket.Udp(Namespace);
        holder.Bind(new IPEndPoint(Lab.Host(1).UnderlayAddress, TestLab.Port));
        var attempt = new StartAttempt(Lab);

        attempt.IsRefused(
            attempt.Run(), $"{Lab.Host(1).UnderlayAddress}:8285",
            $"another process has the port: {Environment.ProcessId} (", "ss -ulnp");
    }

    [Fact]
    public void An_interface_without_an_address()
    {
        Lab.Ip.Batch(Namespace, ["link add quiet0 type veth peer name quiet1", "link set quiet0 up"]);
        try
        {
            StartAttempt attempt = new StartAttempt(Lab).With("--iface", "quiet0");

            attempt.IsRefused(attempt.Run(), "quiet0", "failed to find IPv4 address", "ip address add");
        }
        finally
        {
            Lab.Ip.Run("-n", Namespace, "link", "del", "quiet0");
        }
    }

    [Theory]
    [InlineData("eth7", "no such network interface", "eth0")]
    [InlineData("192.0.2.1", "no interface with given IP found", "ip -4 address")]
    public void An_unknown_interface(string name, string cause, string remedy)
    {
        StartAttempt attempt = new StartAttempt(Lab).With("--iface", name);

        attempt.IsRefused(attempt.Run(), name, cause, remedy);
    }

    [Fact]
    public void A_public_address_inside_the_network()
    {
        StartAttempt attempt = new StartAttempt(Lab).With("--public-ip", "10.244.5.5");

        attempt.IsRefused(attempt.Run(), "10.244.5.5", "10.244.0.0/16", "--public-ip");
    }

    [Theory]
    [InlineData("--public-ip", "192.0.2.1", "192.0.2.1 differs from the address 172.16.0.5 of eth0", "udp")]
    [InlineData("--iface", "lo", "interface lo", "--iface")]
    [InlineData("--mtu", "1400", "--mtu concerns the backend udp only", "leave it out")]
    public void What_host_gw_cannot_work_with(string option, string value, string cause, string remedy)
    {
        StartAttempt attempt = new StartAttempt(Lab, """{"Network":"10.244.0.0/16","Backend":{"Type":"host-gw"}}""")
            .With(option, value);

        attempt.IsRefused(attempt.Run(), cause, remedy);
    }

    [Fact]
    public void A_missing_network_config()
    {
        var attempt = new StartAttempt(Lab, config: null);

        attempt.IsRefused(attempt.Run(), $"{attempt.LeaseDirectory}/config", "does not exist", "create it");
    }

    [Theory]
    [InlineData("{\"Network\":", "not valid", "correct it")]
    [InlineData("{\"Network\":\"10.244.0.0/16\",\"SubnetLen\":8}", "not valid", "SubnetLen")]
    [InlineData(
        "{\"Network\":\"10.244.0.0/16\",\"Backend\":{\"Type\":\"ipip\"}}", "unknown backend type: 'ipip'", "udp")]
    public void A_network_config_that_does_not_fit(string config, string cause, string remedy)
    {
        var attempt = new StartAttempt(Lab, config);

        attempt.IsRefused(attempt.Run(), attempt.LeaseDirectory, cause, remedy);
    }

    [Fact]
    public void EnableIPv6_is_one_line_and_IPv4()
    {
        const string Config =
            """{"Network":"10.244.0.0/16","EnableIPv6":true,"IPv6Network":"fc00::/48","Backend":{"Type":"udp"}}""";
        var attempt = new StartAttempt(Lab, Config);
        using RunningProgram daemon = attempt.Start("env", "FLANNELD_IP_BLACKHOLE_ROUTE=true");
        daemon.AwaitError(" ready: ");
        Assert.Single(daemon.Errors, line => line.Contains("EnableIPv6", StringComparison.Ordinal));
        string lease = Assert.Single(attempt.Leases).Replace('-', '/');
        Assert.DoesNotContain("IPV6", File.ReadAllText(attempt.SubnetFile), StringComparison.Ordinal);

        // In force before the subnet file is there.
        Assert.Contains($"blackhole {lease} ", Lab.Ip.Run("-n", Namespace, "route", "show"), StringComparison.Ordinal);
        daemon.Signal("TERM");
        Assert.Equal(0, daemon.WaitForExit().ExitCode);
        Lab.Ip.Run("-n", Namespace, "route", "del", "blackhole", lease);
    }

    [Theory]
    [InlineData("blackhole 10.244.0.0/16", "leads to")]
    [InlineData("10.244.0.0/16 via 172.16.0.4", "eth0")]
    public void A_route_to_the_network_in_the_way(string route, string where)
    {
        Lab.Ip.Run(["-n", Namespace, "route", "add", .. route.Split(' ')]);
        try
        {
            var attempt = new StartAttempt(Lab);

            CommandResult result = attempt.Run();
            Print(result.Error);
            attempt.IsRefused(result, "a route to 10.244.0.0/16 exists already", where, "ip route del 10.244.0.0/16");
        }
        finally
        {
            Lab.Ip.Run(["-n", Namespace, "route", "del", .. route.Split(' ')]);
        }
    }

    [Fact]
    public void A_run_directory_that_cannot_be_made()
    {
        StartAttempt attempt = new StartAttempt(Lab).With("--run-dir", "/proc/x");

        attempt.IsRefused(attempt.Run(), "/proc/x", "--run-dir");
    }

    [Fact]
    public void A_subnet_file_that_cannot_be_written()
    {
        StartAttempt attempt = new StartAttempt(Lab).With("--subnet-file", "/proc/x/subnet.env");

        attempt.IsRefused(attempt.Run(), "/proc/x/subnet.env", "--subnet-file");
    }

    [Fact]
    public void A_device_given_as_subnet_file()
    {
        StartAttempt attempt = new StartAttempt(Lab).With("--subnet-file", "/dev/null");

        CommandResult result = attempt.Run();

        StartAttempt.IsRefusedWithOneLine(result, exitCode: 1, "--subnet-file /dev/null is not a regular file");
        Assert.Empty(attempt.Leases);
        Assert.False(Directory.Exists(Path.Combine(attempt.LeaseDirectory, "subnets")));
        Assert.Equal(FileNodeKind.Other, FileNode.KindOf("/dev/null"));
    }

    [Theory]
    [InlineData("--mtu", "abc", "576 to 65507")]
    [InlineData("--mtu", "10", "576 to 65507")]
    [InlineData("--port", "0", "1 to 65535")]
    [InlineData("--lease-store", "etcd:x", "file:DIR")]
    [InlineData("--source-check", "maybe", "strict or peer or off")]
    [InlineData("--public-ip", "here", "an IPv4 address")]
    [InlineData("--tun-name", "flannel%d", "1 to 15 bytes")]
    public void A_wrong_value_ends_with_exit_code_2(string option, string value, string wanted)
    {
        StartAttempt attempt = new StartAttempt(Lab).With(option, value);

        CommandResult result = attempt.Run();

        StartAttempt.IsRefusedWithOneLine(result, exitCode: 2, option, value, wanted, "overlay run --help");
        Assert.Single(result.Error.Split('\n'));
        Assert.Empty(result.Output);
        attempt.IsWithoutTraces();
    }

    [Fact]
    public void An_unknown_option_ends_with_exit_code_2()
    {
        StartAttempt attempt = new StartAttempt(Lab).With("--subnet-fiel", "x");

        CommandResult result = attempt.Run();

        StartAttempt.IsRefusedWithOneLine(result, exitCode: 2, "--subnet-fiel", "overlay run --help");
        Assert.Empty(result.Output);
        attempt.IsWithoutTraces();
    }

    [Fact]
    public void The_mtu_can_be_chosen()
    {
        StartAttempt attempt = new StartAttempt(Lab).With("--mtu", "1400");
        using RunningProgram daemon = attempt.Start();
        daemon.AwaitError(" ready: ");

        Assert.Contains("FLANNEL_MTU=1400\n", File.ReadAllText(attempt.SubnetFile), StringComparison.Ordinal);
        Assert.Contains(
            " mtu 1400 ", Lab.Ip.Run("-n", Namespace, "link", "show", "flannel0"), StringComparison.Ordinal);
        StillWorks(daemon, attempt);
    }

    [Fact]
    public void H8_A_name_of_the_tunnel_that_another_interface_has()
    {
        StartAttempt attempt = new StartAttempt(Lab).With("--tun-name", "eth0");

        attempt.IsRefused(attempt.Run(), "could not create TUN interface eth0", "it exists", "ip -d link show eth0");
    }

    private void StillWorks(RunningProgram running, StartAttempt attempt)
    {
        Assert.False(running.HasExited, "the first instance has ended, too");
        Assert.True(Lab.HasTunnel(1));
        Assert.True(File.Exists(attempt.SubnetFile));
        running.Signal("TERM");
        Assert.Equal(0, running.WaitForExit().ExitCode);
    }
}
