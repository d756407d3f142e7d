using System;
using System.IO;
using System.Linq;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.StartStop;

/// <summary>What SIGHUP does.</summary>
public sealed class ReloadTests : LabTest
{
    private const string OtherPort = """{"Network":"10.244.0.0/16","Backend":{"Type":"udp","Port":9285}}""";

    [Fact]
    public void A_config_that_has_changed_is_taken_up_and_one_that_is_wrong_leaves_everything_as_it_is()
    {
        TestLab lab = NewLab(2);
        RunningProgram[] daemons = [.. lab.BringUp(1, 2)];
        string config = Path.Combine(lab.Plan.LeaseDirectory, "config");
        using var steady = new SteadyPing(lab, 1, 2);

        File.WriteAllText(config, """{"Network":"10.244.0.0/16","Backend":{"Type":"udp","Port":70000}}""");
        daemons[0].Signal("HUP");
        daemons[0].AwaitError("SIGHUP is refused and everything stays as it is: ");
        Assert.Equal(0, steady.Stop().Lost);

        File.WriteAllText(config, OtherPort);
        foreach ((RunningProgram daemon, int number) in daemons.Zip([1, 2]))
        {
            string tunnel = Index(lab, number);
            daemon.Signal("HUP");
            daemon.AwaitError($"UDP {lab.Host(number).UnderlayAddress}:9285");
            Assert.Equal(tunnel, Index(lab, number));
        }

        lab.AwaitPath(1, 2);
        Assert.Single(
            daemons[0].Errors,
            line => line.Contains("starting again within the process: SIGHUP", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_another_network_and_another_backend_nothing_of_the_former_is_left()
    {
        TestLab lab = NewLab(2);
        lab.Datapath = null; // an option of one of the two backends
        RunningProgram daemon = lab.BringUp(1)[0];
        string host = lab.Host(1).HostNamespace;
        string config = Path.Combine(lab.Plan.LeaseDirectory, "config");
        string tunnel = Index(lab, 1);

        File.WriteAllText(config, """{"Network":"10.250.0.0/16","Backend":{"Type":"udp"}}""");
        daemon.Signal("HUP");
        daemon.AwaitError(" ready: subnet 10.250.");
        Assert.Equal(tunnel, Index(lab, 1));
        string address = Assert.Single(
            lab.Ip.Run("-n", host, "-o", "-4", "addr", "show", "flannel0").Trim().Split('\n'));
        Assert.Contains(" 10.250.", address, StringComparison.Ordinal);
        string route = Assert.Single(lab.Ip.Run("-n", host, "route", "show", "dev", "flannel0").Trim().Split('\n'));
        Assert.StartsWith("10.250.0.0/16", route, StringComparison.Ordinal);

        File.WriteAllText(config, """{"Network":"10.250.0.0/16","Backend":{"Type":"host-gw"}}""");
        daemon.Signal("HUP");
        Await(() => daemon.Errors.Count(line => line.Contains(" ready: ", StringComparison.Ordinal)) == 3,
            () => daemon.Tail());
        Assert.False(lab.HasTunnel(1));
    }

    // The device stays the same one.
    private static string Index(TestLab lab, int number) =>
        lab.Ip.Run("-n", lab.Host(number).HostNamespace, "-o", "link", "show", "flannel0").Split(':')[0];
}
