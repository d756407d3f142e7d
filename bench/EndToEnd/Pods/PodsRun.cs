using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text.Json.Nodes;
using Overlay.Bench.Results;
using Overlay.Lab;
using Overlay.Lab.Cni;
using Overlay.Terminal;

namespace Overlay.Bench.Pods;

/// <summary>Makes one pod after the other and takes it away, by the plugin and by its delegate in turn.</summary>
internal sealed class PodsRun
{
    private const string Prefix = "overlay-pods";

    private const string SubnetEnv =
        "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=true\n";

    private static readonly string s_directory = Path.Combine(Path.GetTempPath(), Prefix);

    /// <summary>Measures.</summary>
    /// <param name="rounds">Pods of each, 5 or more.</param>
    /// <exception cref="LabException">A plugin is missing, or has failed.</exception>
    internal PodsFigures Measure(int rounds)
    {
        using var stop = new StopRequest();
        LabPrerequisites.Check();
        var plugins = CniPlugins.Find();
        using var held = LabLock.Take(s_directory, "another run is measuring pods");
        var ip = new IpCommand();
        var plan = new LabPlan(Prefix, s_directory, hostCount: LabPlan.MinimumHosts);
        var remnants = new LabRemnants(plan.Prefix, plan.Directory, ip);
        try
        {
            _ = remnants.Clear();
            new LabTopology(plan, ip).Build();
            HostPlan host = plan.Hosts[0];
            File.WriteAllText(host.SubnetFile, SubnetEnv);
            var runtime = new CniRuntime(plan, ip, plugins);
            JsonObject flannel = runtime.FlannelConfig(host);

            // The first pod shows what the delegate is told, and warms everything up.
            _ = Time(runtime, host, "ADD", flannel);
            JsonObject bridge = Told(runtime, host);
            _ = Time(runtime, host, "DEL", flannel);
            List<double> add = [], delegateAdd = [], delete = [], delegateDelete = [];
            for (int round = 0; round < rounds; round++)
            {
                stop.Token.ThrowIfCancellationRequested();
                add.Add(Time(runtime, host, "ADD", flannel));
                delete.Add(Time(runtime, host, "DEL", flannel));
                delegateAdd.Add(Time(runtime, host, "ADD", bridge));
                delegateDelete.Add(Time(runtime, host, "DEL", bridge));
            }

            return new PodsFigures(
                Spread.Of(add), Spread.Of(delegateAdd), Spread.Of(delete), Spread.Of(delegateDelete));
        }
        finally
        {
            _ = remnants.Remove();
        }
    }

    private static JsonObject Told(CniRuntime runtime, HostPlan host)
    {
        string[] kept = Directory.GetFiles(runtime.DataDirectory(host));
        return kept.Length == 1 && JsonNode.Parse(File.ReadAllText(kept[0])) is JsonObject config
            ? config
            : throw new LabException("the plugin has not kept what it told its delegate");
    }

    private static double Time(CniRuntime runtime, HostPlan host, string verb, JsonObject config)
    {
        long began = Stopwatch.GetTimestamp();
        CommandResult result = runtime.Call(host, verb, host.PodNamespace, config);
        double took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        return result.Succeeded
            ? took
            : throw new LabException($"{config["type"]} failed to {verb}: {result.Reason}", result.Output);
    }
}
