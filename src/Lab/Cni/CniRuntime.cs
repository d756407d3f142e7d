using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Overlay.Lab.Cni;

/// <summary>
/// A container runtime's part on the pretend hosts: calls the plugins of a network, one after the other, as libcni does
/// for a file of <c>/etc/cni/net.d</c>. The network is the one of flannel's manifest: <c>cbr0</c>, by the plugins
/// flannel and portmap.
/// </summary>
/// <param name="plan">The lab.</param>
/// <param name="ip">iproute2.</param>
/// <param name="plugins">The programs.</param>
public sealed class CniRuntime(LabPlan plan, IpCommand ip, CniPlugins plugins)
{
    private const string Version = "1.0.0", Network = "cbr0", Interface = "eth0";

    /// <summary>Where the plugin flannel keeps what it told its delegate on a host.</summary>
    public string DataDirectory(HostPlan host) => Path.Combine(plan.Directory, $"{host.Name}.cni");

    /// <summary>Gives a pod its network.</summary>
    /// <param name="host">Where.</param>
    /// <param name="pod">Its namespace.</param>
    /// <param name="port">A port of the host that leads to it; null for none.</param>
    /// <returns>Its address and length, as the plugins say.</returns>
    /// <exception cref="LabException">A plugin failed; its words are the evidence.</exception>
    public string Add(HostPlan host, string pod, HostPort? port = null)
    {
        string result = Require(host, "ADD", pod, FlannelConfig(host));
        if (port is not null)
        {
            result = Require(host, "ADD", pod, PortmapConfig(port, JsonNode.Parse(result)));
        }

        return (string?)JsonNode.Parse(result)?["ips"]?[0]?["address"]
            ?? throw new LabException("the CNI plugins gave no address", result);
    }

    /// <summary>Takes it back.</summary>
    /// <exception cref="LabException">A plugin failed; its words are the evidence.</exception>
    public void Delete(HostPlan host, string pod, HostPort? port = null)
    {
        if (port is not null)
        {
            _ = Require(host, "DEL", pod, PortmapConfig(port, previous: null));
        }

        _ = Require(host, "DEL", pod, FlannelConfig(host));
    }

    /// <summary>One call of one plugin.</summary>
    /// <param name="host">Whose namespace it runs in.</param>
    /// <param name="verb">For example <c>ADD</c>.</param>
    /// <param name="pod">The pod's namespace; its name is the container's, too.</param>
    /// <param name="config">For the plugin, whose <c>type</c> is its program.</param>
    public CommandResult Call(HostPlan host, string verb, string pod, JsonObject config)
    {
        string type = (string)config["type"]!;
        string program = type == "flannel" ? plugins.Flannel : Path.Combine(plugins.Directory, type);
        List<string> words =
        [
            ip.ProgramPath, "netns", "exec", host.HostNamespace, "env", $"CNI_COMMAND={verb}",
            $"CNI_CONTAINERID={pod}", $"CNI_NETNS=/run/netns/{pod}", $"CNI_IFNAME={Interface}",
            $"CNI_PATH={plugins.SearchPath}", program,
        ];
        return ChildCommand.Run(words, config.ToJsonString());
    }

    /// <summary>The plugin flannel's config on a host. Everything that it writes is in the lab's directory.</summary>
    public JsonObject FlannelConfig(HostPlan host) => new()
    {
        ["cniVersion"] = Version,
        ["name"] = Network,
        ["type"] = "flannel",
        ["subnetFile"] = host.SubnetFile,
        ["dataDir"] = DataDirectory(host),
        ["ipam"] = new JsonObject { ["dataDir"] = Path.Combine(plan.Directory, $"{host.Name}.ipam") },
        ["delegate"] = new JsonObject { ["hairpinMode"] = true, ["isDefaultGateway"] = true },
    };

    private static JsonObject PortmapConfig(HostPort port, JsonNode? previous)
    {
        var config = new JsonObject
        {
            ["cniVersion"] = Version,
            ["name"] = Network,
            ["type"] = "portmap",
            ["capabilities"] = new JsonObject { ["portMappings"] = true },
            ["runtimeConfig"] = new JsonObject
            {
                ["portMappings"] = new JsonArray(new JsonObject
                {
                    ["hostPort"] = port.OnHost,
                    ["containerPort"] = port.InPod,
                    ["protocol"] = "tcp",
                }),
            },
        };
        if (previous is not null)
        {
            config["prevResult"] = previous;
        }

        return config;
    }

    private string Require(HostPlan host, string verb, string pod, JsonObject config)
    {
        CommandResult result = Call(host, verb, pod, config);
        return result.Succeeded
            ? result.Output
            : throw new LabException(
                $"the CNI plugin {config["type"]} failed to {verb} {pod}: {Message(result)}", result.Error);
    }

    private static string Message(CommandResult result)
    {
        try
        {
            return (string?)JsonNode.Parse(result.Output)?["msg"] ?? result.Reason;
        }
        catch (JsonException)
        {
            return result.Reason;
        }
    }
}
