using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Overlay.Testing.Kubernetes;
using Xunit;

namespace Overlay.Netns.Tests.Kubernetes;

/// <summary>Real daemons whose leases are in the Kubernetes API: its stand-in, on the hosts' wire.</summary>
public sealed class NodeAnnotationTests : LabTest, IAsyncDisposable
{
    private const string Prefix = "flannel.alpha.coreos.com/";

    private readonly TestLab _lab;
    private readonly StandInApiServer _server;

    public NodeAnnotationTests()
    {
        _lab = NewLab(2);
        _lab.AddWireAddresses(1);
        TcpListener listener = LabNamespace.Run(
            _lab.Plan.WireNamespace, () => StandInApiServer.Listen(IPAddress.Parse(LabPlan.WireAddress)));
        _server = new StandInApiServer(listener);
        string config = Path.Combine(_lab.Plan.Directory, "net-conf.json");
        File.WriteAllText(config, TestLab.DefaultConfig);
        _lab.LeaseStore =
            ["--kube-subnet-mgr", "--kube-api-url", _server.Url.GetLeftPart(UriPartial.Authority), "--net-config-path",
                config];
        MakeNode("n1", "10.244.1.0/24");
        MakeNode("n2", "10.244.2.0/24");
    }

    public async ValueTask DisposeAsync()
    {
        Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public void Two_nodes_pods_reach_each_other_by_podCIDRs_and_annotations()
    {
        StartBoth();

        _lab.AwaitPath(1, 2);
        _lab.AwaitPath(2, 1);
        Assert.Equal("10.244.1.0/24", _lab.Subnet(1).Subnet);
        Assert.Equal(
            [
                "backend-data=null", "backend-type=", "kube-subnet-manager=true",
                $"public-ip={_lab.Host(1).UnderlayAddress}",
            ],
            Annotations("n1"));
        Await(() => $"{_server.Cluster.Find("api/v1/nodes/n1")?["status"]?["conditions"]?[0]?["reason"]}"
            == "FlannelIsUp");
    }

    [Fact]
    public void While_the_API_server_is_away_packets_go_on_and_a_restart_comes_up_from_the_snapshot()
    {
        RunningProgram daemon = StartBoth()[0];
        _lab.AwaitPath(1, 2);
        _server.GoAway();
        daemon.AwaitError("cannot watch the nodes");
        _lab.AwaitPath(1, 2);
        daemon.Signal("TERM");
        Assert.Equal(0, daemon.WaitForExit().ExitCode);

        RunningProgram again = Start(1);
        _lab.WaitUntilReady(again, 1);
        _lab.AwaitPath(1, 2);
        _server.Allow();
        again.AwaitError("Lease renewed, new expiration:");
    }

    [Fact]
    public void Another_podCIDR_and_another_public_address_of_a_node_are_followed()
    {
        RunningProgram daemon = StartBoth()[0];
        _lab.AwaitPath(1, 2);

        _server.Cluster.Remove("api/v1/nodes/n1");
        MakeNode("n1", "10.244.7.0/24");
        daemon.AwaitError("subnet changed from 10.244.1.0/24 to 10.244.7.0/24");
        Assert.Equal("10.244.7.0/24", SubnetFacts.Read(_lab.Host(1).SubnetFile).Subnet);
        _lab.RestartPod(1);
        _lab.AwaitPath(2, 1);

        JsonObject node = _server.Cluster.Find("api/v1/nodes/n1")!;
        node["metadata"]!["annotations"]![$"{Prefix}node-public-ip"] = "172.16.0.200";
        _server.Cluster.Put("api/v1/nodes/n1", node);
        daemon.AwaitError($"the annotation {Prefix}node-public-ip of the node n1 is 172.16.0.200 in place of");
    }

    [Fact]
    public void An_API_server_that_the_network_would_cut_off_is_one_line_and_the_end_of_the_start()
    {
        _lab.Ip.Batch(_lab.Host(1).HostNamespace, [$"route add default via {LabPlan.WireAddress}"]);
        _lab.LeaseStore = [.. _lab.LeaseStore!, "--kube-api-url", "http://10.244.9.9:6443"];

        RunningProgram daemon = Start(1);

        daemon.AwaitError("would take packets to kube-api 10.244.9.9");
        Assert.Equal(1, daemon.WaitForExit().ExitCode);
    }

    private IReadOnlyList<RunningProgram> StartBoth()
    {
        RunningProgram[] daemons = [Start(1), Start(2)];
        _lab.AttachPod(1, _lab.WaitUntilReady(daemons[0], 1));
        _lab.AttachPod(2, _lab.WaitUntilReady(daemons[1], 2));
        return daemons;
    }

    // The variable that the manifest gives the daemon.
    private RunningProgram Start(int number)
    {
        string[] words = [.. _lab.DaemonWords(number)];
        int program = Array.IndexOf(words, RunningProgram.OverlayPath);
        return _lab.Keep(number, RunningProgram.Start(
            [.. words[..program], "env", $"NODE_NAME=n{number}", .. words[program..]]));
    }

    private void MakeNode(string name, string podCidr) => _server.Cluster.Put(
        $"api/v1/nodes/{name}",
        new JsonObject
        {
            ["kind"] = "Node",
            ["metadata"] = new JsonObject { ["name"] = name, ["annotations"] = new JsonObject() },
            ["spec"] = new JsonObject { ["podCIDR"] = podCidr, ["podCIDRs"] = new JsonArray(podCidr) },
        });

    private string[] Annotations(string name) =>
        [.. _server.Cluster.Find($"api/v1/nodes/{name}")!["metadata"]!["annotations"]!.AsObject()
            .Select(each => $"{each.Key[Prefix.Length..]}={each.Value}").Order(StringComparer.Ordinal)];
}
