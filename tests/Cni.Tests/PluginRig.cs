using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Overlay.Cni.Protocol;

namespace Overlay.Cni.Tests;

/// <summary>
/// The plugin in a directory of its own, with a subnet.env and delegates that are shell scripts: each keeps what it is
/// told, and answers as a test wants.
/// </summary>
internal sealed class PluginRig : IDisposable
{
    internal const string Ipv4 =
        "FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.17.1/24\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=true\n";

    internal const string Ipv6 =
        "FLANNEL_IPV6_NETWORK=fc00::/48\nFLANNEL_IPV6_SUBNET=fc00::1/64\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=true\n";

    internal const string Dual =
        "FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.17.1/24\nFLANNEL_IPV6_NETWORK=fc00::/48\n"
        + "FLANNEL_IPV6_SUBNET=fc00::1/64\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=true\n";

    internal const string TwoNetworks =
        "FLANNEL_NETWORK=10.1.0.0/16,192.168.0.0/16\nFLANNEL_SUBNET=10.1.17.1/24\nFLANNEL_MTU=1472\n"
        + "FLANNEL_IPMASQ=true\n";

    private const string Container = "some-container-id";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("overlay-cni-");

    internal PluginRig(string subnetEnv = Ipv4)
    {
        File.WriteAllText(SubnetFile, subnetEnv);
        _ = Directory.CreateDirectory(Plugins);
        AddDelegate("bridge", "echo '{\"cniVersion\":\"1.1.0\",\"ips\":[]}'");
    }

    internal string SubnetFile => Path.Combine(_directory.FullName, "subnet.env");

    internal string DataDirectory => Path.Combine(_directory.FullName, "data");

    internal string Plugins => Path.Combine(_directory.FullName, "bin");

    internal string ErrorText { get; private set; } = "";

    internal Dictionary<string, string> Variables { get; } = new()
    {
        ["CNI_CONTAINERID"] = Container,
        ["CNI_IFNAME"] = "eth0",
        ["CNI_NETNS"] = "/run/netns/none",
    };

    /// <summary>Members of the config, beside name, type and paths, in JSON with a comma before each.</summary>
    internal string More { get; set; } = "";

    internal string Version { get; set; } = "1.1.0";

    /// <summary>A delegate that keeps what it is told, then does what a script says.</summary>
    internal void AddDelegate(string name, string script)
    {
        string file = Path.Combine(Plugins, name);
        File.WriteAllText(
            file, $"#!/bin/sh\ncat > {_directory.FullName}/{name}.$CNI_COMMAND.told\n{script}\n");
        File.SetUnixFileMode(file, (UnixFileMode)0x1ed); // 0755
    }

    /// <summary>What a delegate was told last.</summary>
    internal JsonObject Told(string verb, string name = "bridge") =>
        (JsonObject)JsonNode.Parse(File.ReadAllText(ToldPath(verb, name)))!;

    internal bool WasTold(string verb, string name = "bridge") => File.Exists(ToldPath(verb, name));

    internal string[] KeptFiles() =>
        Directory.Exists(DataDirectory)
            ? [.. new DirectoryInfo(DataDirectory).GetFiles().Select(file => file.Name)] : [];

    /// <summary>One call.</summary>
    /// <returns>The exit code, and what it says.</returns>
    internal (int Code, string Output) Call(string verb)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        string config = $$"""
            {"cniVersion":"{{Version}}","name":"cni-flannel","type":"flannel","subnetFile":"{{SubnetFile}}",
             "dataDir":"{{DataDirectory}}"{{More}}}
            """;
        int code = new FlannelPlugin(
            new CniEnvironment(name => name switch
            {
                "CNI_COMMAND" => verb,
                "CNI_PATH" => Plugins,
                _ => Variables.GetValueOrDefault(name),
            }),
            new StringReader(config), output, error, TimeProvider.System).Run();
        ErrorText = error.ToString();
        return (code, output.ToString());
    }

    /// <summary>One call that has to work.</summary>
    internal string Succeed(string verb)
    {
        (int code, string output) = Call(verb);
        return code == 0 ? output : throw new InvalidOperationException($"{verb}: {output} {ErrorText}");
    }

    /// <summary>One call that has to fail: its code and message.</summary>
    internal (int Code, string Message) Fail(string verb)
    {
        (int code, string output) = Call(verb);
        return code == 1
            ? ((int)JsonNode.Parse(output)!["code"]!, (string)JsonNode.Parse(output)!["msg"]!)
            : throw new InvalidOperationException($"{verb} has not failed: {output}");
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private string ToldPath(string verb, string name) => Path.Combine(_directory.FullName, $"{name}.{verb}.told");
}
