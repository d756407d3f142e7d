using System;
using System.IO;
using Overlay.Cni.Protocol;
using Overlay.Cni.Verbs;

namespace Overlay.Cni;

/// <summary>The CNI plugin <c>flannel</c>: one call of it (CNI specification 1.1.0, sections 2 and 4).</summary>
/// <param name="environment">What the runtime says by variables.</param>
/// <param name="input">The config.</param>
/// <param name="output">Gets the result, or the error.</param>
/// <param name="error">What the runtime logs.</param>
/// <param name="clock">The time.</param>
internal sealed class FlannelPlugin(
    CniEnvironment environment, TextReader input, TextWriter output, TextWriter error, TimeProvider clock)
{
    private const string ContainerId = "CNI_CONTAINERID", NetworkNamespace = "CNI_NETNS", Interface = "CNI_IFNAME";
    private const string PluginPath = "CNI_PATH";

    private string _version = CniVersion.Newest;

    /// <summary>Does what the runtime asks.</summary>
    /// <returns>0, or 1 after an error.</returns>
    internal int Run()
    {
        try
        {
            output.Write(Answer());
            return 0;
        }
        catch (CniException problem)
        {
            output.Write(PlainJson.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("cniVersion", _version);
                writer.WriteNumber("code", problem.Code);
                writer.WriteString("msg", problem.Message);
                if (problem.Details.Length > 0)
                {
                    writer.WriteString("details", problem.Details);
                }

                writer.WriteEndObject();
            }));
            return 1;
        }
    }

    private string Answer()
    {
        switch (environment.Command)
        {
            case "":
                error.Write(
                    $"CNI plugin flannel of Overlay {typeof(FlannelPlugin).Assembly.GetName().Version?.ToString(3)}; a "
                        + $"container runtime calls it\nCNI protocol versions supported: "
                        + $"{string.Join(", ", CniVersion.All)}\n");
                return "";
            case "VERSION":
                return Versions();
            case "ADD":
                return AddVerb.Run(Begin(ContainerId, NetworkNamespace, Interface, PluginPath));
            case "DEL":
                DelVerb.Run(Begin(ContainerId, Interface, PluginPath), clock);
                return "";
            case "CHECK":
                CheckVerb.Run(BeginSince("0.4.0", ContainerId, NetworkNamespace, Interface, PluginPath));
                return "";
            case "STATUS":
                StatusVerb.Run(BeginSince(CniVersion.Newest, PluginPath));
                return "";
            case "GC":
                GcVerb.Run(BeginSince(CniVersion.Newest, PluginPath), clock);
                return "";
            default:
                throw new CniException(
                    CniError.InvalidEnvironment,
                    $"unknown CNI_COMMAND: {environment.Command}; known are ADD, DEL, CHECK, GC, STATUS, VERSION");
        }
    }

    private PluginCall BeginSince(string since, params string[] needed)
    {
        PluginCall call = Begin(needed);
        CniVersion.RequireVerb(environment.Command, call.Config.Version, since);
        return call;
    }

    private PluginCall Begin(params string[] needed)
    {
        environment.Require(needed);
        PluginConfig config = ReadConfig();
        CniVersion.Require(config.Version);
        _version = config.Version; // what the runtime can read
        config.RequireName();
        return new PluginCall(environment, config, error);
    }

    private PluginConfig ReadConfig()
    {
        try
        {
            return PluginConfig.Parse(input.ReadToEnd());
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new CniException(
                CniError.InputOutput, $"the config on standard input cannot be read: {problem.Message}");
        }
    }

    private static string Versions() => PlainJson.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("cniVersion", CniVersion.Newest);
        writer.WriteStartArray("supportedVersions");
        foreach (string version in CniVersion.All)
        {
            writer.WriteStringValue(version);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
