using System;
using System.Linq;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Repair;

/// <summary>What others take from flannel0 while the daemon runs.</summary>
[Collection(nameof(Alone))]
public sealed class UpkeepTests : LabTest
{
    private const int PingsPerFault = 2_500; // 1 ms apart
    private const int MostLost = 2_000;      // two seconds

    // What is done to the host, and the line that says that it is mended.
    private static readonly (string[] Commands, string Line)[] s_faults =
    [
        (["link del flannel0"], "starting again within the process: forwarding on flannel0 ended"),
        (["link set flannel0 down"], "state up of flannel0 was gone and is put back"),
        (["addr flush dev flannel0"], "/32 of flannel0 was gone and is put back"),
        (["route del 10.244.0.0/16"], "route 10.244.0.0/16 of flannel0 was gone and is put back"),
        (
            ["link set flannel0 down", "addr flush dev flannel0", "link set flannel0 up", "link set flannel0 mtu 1300"],
            "MTU 1472 of flannel0 was gone and is put back"
        ),
    ];

    [Theory]
    [InlineData("user")]
    [InlineData("kernel")]
    public void R1_R2_R3_What_is_taken_from_flannel0_is_back_within_2_s_with_one_line_each(string datapath)
    {
        TestLab lab = NewLab(2);
        RunningProgram daemon = lab.BringUp([1, 2], _ => ["--datapath", datapath])[0];
        using var flood = new PingFlood(
            lab.Host(1).PodNamespace, lab.Pod(2), PingsPerFault * (s_faults.Length + 1));
        for (int i = 0; i < s_faults.Length; i++)
        {
            (string[] commands, string line) = s_faults[i];
            Await(() => flood.Sent >= PingsPerFault * (i + 1));
            lab.Ip.Batch(lab.Host(1).HostNamespace, commands);
            daemon.AwaitError(line);
            Assert.True(flood.Sent < PingsPerFault * (i + 2), $"{commands[0]}: mended too late");
        }

        _ = flood.AwaitLost();
        for (int i = 0; i < s_faults.Length; i++)
        {
            int lost = flood.LostOf((PingsPerFault * (i + 1))..(PingsPerFault * (i + 2)));
            Print($"{s_faults[i].Commands[0]}: {lost} of {PingsPerFault} pings lost, 1 ms apart");
            Assert.InRange(lost, 0, MostLost - 1);
        }

        lab.AwaitPath(2, 1);
        string tunnel = lab.Ip.Run("-n", lab.Host(1).HostNamespace, "-o", "addr", "show", "flannel0");
        Assert.Contains($"{lab.Tunnel(1)}/32", tunnel, StringComparison.Ordinal);
        Assert.Equal(1, daemon.Errors.Count(line => line.Contains(s_faults[0].Line, StringComparison.Ordinal)));
        Assert.InRange( // with each of the others it is gone, too; from the fourth time on within a minute it is folded
            daemon.Errors.Count(line => line.Contains(s_faults[3].Line, StringComparison.Ordinal)),
            3,
            s_faults.Length - 1);
    }
}
