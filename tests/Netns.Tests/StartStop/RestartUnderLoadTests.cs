using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.StartStop;

/// <summary>What packets notice of a daemon that is restarted by a service manager.</summary>
[Collection(nameof(Alone))]
public sealed class RestartUnderLoadTests : LabTest
{
    private const int Pings = 10_000; // 1 ms apart
    private const int MostLost = 1_000;
    private const int MostLostKept = 50;
    private const int BetweenRestarts = 2_000;

    // The last host is not restarted: everybody's pings and streams go to it.
    private static readonly (string Datapath, bool IsKept)[] s_restarted =
        [("kernel", false), ("user", true), ("kernel", true)];

    [Fact]
    public async Task Of_10000_pings_fewer_than_1000_are_lost_with_kept_descriptors_fewer_than_50_and_streams_survive()
    {
        Prerequisites.Require(("python3", "python3"));
        int target = s_restarted.Length + 1;
        TestLab lab = NewLab(target);
        List<RunningProgram> managers = [.. s_restarted.Select((host, index) => Start(lab, index + 1, host))];
        _ = lab.BringUp([target], _ => ["--datapath", "kernel"]);
        for (int number = 1; number < target; number++)
        {
            lab.AttachPod(number, lab.WaitUntilReady(managers[number - 1], number));
        }

        for (int number = 1; number < target; number++)
        {
            lab.AwaitPath(number, target);
        }

        using var enough = new CancellationTokenSource();
        Task<long>[] streams =
        [
            .. Enumerable.Range(1, s_restarted.Length).Select(number => Task.Run(() => PacedStream.Run(
                lab.Host(number).PodNamespace, lab.Host(target).PodNamespace, lab.Pod(target), number, enough.Token))),
        ];
        List<PingFlood> floods =
        [
            .. Enumerable.Range(1, s_restarted.Length).Select(
                number => new PingFlood(lab.Host(number).PodNamespace, lab.Pod(target), Pings)),
        ];
        try
        {
            foreach ((RunningProgram manager, int index) in managers.Select((manager, index) => (manager, index)))
            {
                Await(() => floods.All(flood => flood.Sent >= BetweenRestarts * (index + 1)));
                manager.Signal("USR1");
                Await(
                    () => manager.Output.Count(line => line.StartsWith("READY=1", StringComparison.Ordinal)) == 2,
                    () => string.Join("\n", manager.Output));
                Assert.Contains("ended 0", manager.Output);
            }

            foreach ((PingFlood flood, (string datapath, bool isKept)) in floods.Zip(s_restarted))
            {
                int lost = flood.AwaitLost();
                Print($"datapath {datapath}, descriptors {(isKept ? "kept" : "not kept")}: {lost} of {Pings} lost");
                Assert.InRange(lost, 0, (isKept ? MostLostKept : MostLost) - 1);
            }
        }
        finally
        {
            floods.ForEach(flood => flood.Dispose());
            await enough.CancelAsync();
        }

        Assert.All(await Task.WhenAll(streams), bytes => Assert.True(bytes > 0));
    }

    private static RunningProgram Start(TestLab lab, int number, (string Datapath, bool IsKept) host)
    {
        string script = Path.Combine(AppContext.BaseDirectory, "StartStop", "service-manager.py");
        string socket = Path.Combine(lab.Plan.Directory, $"notify-{number}");
        return lab.Keep(number, RunningProgram.Start(
        [
            "python3", script, socket, .. host.IsKept ? Array.Empty<string>() : ["--no-store"],
            .. lab.DaemonWords(number, "--datapath", host.Datapath),
        ]));
    }
}
