using System;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using Overlay.Lease;

namespace Overlay.Cni.Protocol;

/// <summary>The config that the runtime gives on standard input (flannel-io/cni-plugin flannel.go, NetConf).</summary>
internal sealed class PluginConfig
{
    /// <summary>Where state is kept when nothing else is said.</summary>
    internal const string DefaultDataDirectory = "/var/lib/cni/flannel";

    /// <summary>GC: where the runtime says what is alive.</summary>
    internal const string ValidAttachmentsField = "cni.dev/valid-attachments";

    private const int DefaultDelegateSeconds = 60, MostDelegateSeconds = 3600;

    private readonly JsonObject _json;

    private PluginConfig(JsonObject json)
    {
        _json = json;
        Version = Text("cniVersion") ?? CniVersion.Oldest;
        Name = Text("name") ?? "";
        SubnetFile = File("subnetFile") is { Length: > 0 } file ? file : SubnetEnvFile.DefaultPath;
        DataDirectory = File("dataDir") is { Length: > 0 } directory ? directory : DefaultDataDirectory;
        Delegate = Object("delegate");
        Ipam = Object("ipam");
        RuntimeConfig = Object("runtimeConfig");
        DelegatePatience = Patience();
    }

    /// <summary>Of the specification; <see cref="CniVersion.Oldest"/> when it says nothing.</summary>
    internal string Version { get; }

    /// <summary>Whether the config names its version.</summary>
    internal bool HasVersion => _json.ContainsKey("cniVersion");

    /// <summary>The network's name; empty when it has none.</summary>
    internal string Name { get; }

    /// <summary>Where subnet.env is.</summary>
    internal string SubnetFile { get; }

    /// <summary>Where state is kept.</summary>
    internal string DataDirectory { get; }

    /// <summary>What the delegate gets beside what is made for it; null for nothing.</summary>
    internal JsonObject? Delegate { get; }

    /// <summary>What the delegate's IPAM plugin gets beside what is made for it; null for nothing.</summary>
    internal JsonObject? Ipam { get; }

    /// <summary>What the runtime says of this one pod, such as its bandwidth; null for nothing.</summary>
    internal JsonObject? RuntimeConfig { get; }

    /// <summary>So long a delegate may take: <c>delegateTimeout</c>, in seconds. A field of ours.</summary>
    internal TimeSpan DelegatePatience { get; }

    /// <summary>What ADD has answered, as the runtime gives it to the verbs after it; null when it does not.</summary>
    internal JsonNode? PreviousResult => _json["prevResult"];

    /// <summary>GC: what is alive; null when the config does not say.</summary>
    /// <exception cref="CniException">It is no list of attachments.</exception>
    internal Attachment[]? ValidAttachments => _json[ValidAttachmentsField] switch
    {
        null => null,
        JsonArray list => [.. list.Select(entry => entry is JsonObject { } one
            && one["containerID"] is JsonValue id && id.TryGetValue(out string? container)
            && one["ifname"] is JsonValue name && name.TryGetValue(out string? ifname)
                ? new Attachment(container, ifname)
                : throw Bad($"an entry of '{ValidAttachmentsField}' lacks a 'containerID' or 'ifname'"))],
        _ => throw Bad($"'{ValidAttachmentsField}' is no list"),
    };

    /// <summary>The same as it was given, for the delegate.</summary>
    internal JsonNode? ValidAttachmentsJson => _json[ValidAttachmentsField]?.DeepClone();

    /// <summary>Reads it.</summary>
    /// <exception cref="CniException">It is none; one line says why.</exception>
    internal static PluginConfig Parse(string text)
    {
        try
        {
            return SafeJson.Parse(text) is JsonObject json ? new PluginConfig(json) : throw Bad("it is no JSON object");
        }
        catch (JsonException problem)
        {
            throw Bad(problem.Message);
        }
    }

    /// <summary>Refuses a network without a name that can be one.</summary>
    /// <exception cref="CniException">It is such.</exception>
    internal void RequireName()
    {
        if (!CniEnvironment.IsName(Name))
        {
            throw new CniException(
                CniError.InvalidConfig, Name.Length == 0
                    ? "missing network name; give the config a 'name'"
                    : "invalid characters found in network name; it begins with a letter or digit, and letters, "
                        + "digits, '_', '.' and '-' follow",
                Name);
        }
    }

    private string? Text(string name) => _json[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? text) => text,
        _ => throw Bad($"'{name}' is no string"),
    };

    // No file has a name with a NUL (open(2)): what opens one gets an ArgumentException.
    private string? File(string name)
    {
        string? file = Text(name);
        return file?.Contains('\0') == true
            ? throw Bad($"'{name}' has a NUL character, which no file's name has") : file;
    }

    private JsonObject? Object(string name) => _json[name] switch
    {
        null => null,
        JsonObject value => value,
        _ => throw Bad($"'{name}' is no object"),
    };

    private TimeSpan Patience() => _json["delegateTimeout"] switch
    {
        null => TimeSpan.FromSeconds(DefaultDelegateSeconds),
        JsonValue value when value.TryGetValue(out int seconds) && seconds is >= 1 and <= MostDelegateSeconds =>
            TimeSpan.FromSeconds(seconds),
        { } other => throw Bad(string.Create(
            CultureInfo.InvariantCulture,
            $"'delegateTimeout' is {other.ToJsonString()}; give 1 to {MostDelegateSeconds} seconds")),
    };

    private static CniException Bad(string why) =>
        new(CniError.Decoding, $"failed to load netconf: {why}");
}
