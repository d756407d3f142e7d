using System.IO;
using System.Text.Json.Nodes;
using Overlay.Cni.Delegates;
using Overlay.Cni.Protocol;
using Overlay.Cni.State;
using Overlay.Lease;

namespace Overlay.Cni.Verbs;

/// <summary>What one call has to work with.</summary>
/// <param name="Environment">What the runtime says by variables.</param>
/// <param name="Config">What it says on standard input.</param>
/// <param name="Error">What the runtime logs.</param>
internal sealed record PluginCall(CniEnvironment Environment, PluginConfig Config, TextWriter Error)
{
    private const string WhereToLook = "Check the flannel pod log for this node.";

    /// <summary>Whose network this is about.</summary>
    internal Attachment Attachment => new(Environment.ContainerId, Environment.Interface);

    /// <summary>What delegates were told at ADD.</summary>
    internal DelegateState State { get; } = new(Config.DataDirectory);

    /// <summary>Calls delegates.</summary>
    internal DelegateProgram Delegates { get; } = new(Environment.Path, Config.DelegatePatience, Error);

    /// <summary>What the daemon says of the host.</summary>
    /// <param name="whenAbsent">The code when no daemon has said it yet.</param>
    /// <exception cref="CniException">It has not, or what it says cannot be used.</exception>
    internal SubnetEnv ReadSubnet(int whenAbsent = CniError.TryAgainLater)
    {
        try
        {
            return SubnetEnv.Read(Config.SubnetFile);
        }
        catch (System.Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CniException(
                whenAbsent,
                $"{Config.SubnetFile} is not there yet: flannel's daemon on this node is not ready; run `overlay "
                    + "status` there, or look at the log of its pod");
        }
        catch (InvalidDataException problem)
        {
            throw new CniException(
                CniError.InvalidConfig,
                $"failed to load flannel 'subnet.env' file: {problem.Message}. {WhereToLook}");
        }
        catch (System.Exception problem) when (problem is IOException or System.UnauthorizedAccessException)
        {
            throw new CniException(
                CniError.InputOutput,
                $"failed to load flannel 'subnet.env' file: {Config.SubnetFile}: {OneLine.Shorten(problem.Message)}. "
                    + WhereToLook);
        }
    }

    /// <summary>Calls the delegate with a verb that plugins of before specification 1.1.0 refuse, which is no fault.
    /// </summary>
    /// <param name="verb">For example <c>STATUS</c>.</param>
    /// <param name="config">The delegate's.</param>
    /// <exception cref="CniException">It is missing or has failed.</exception>
    internal void CallNewVerb(string verb, JsonObject config)
    {
        try
        {
            _ = Delegates.Call(verb, config["type"]!.GetValue<string>(), PlainJson.Of(config));
        }
        catch (CniException problem) when (problem.Code == CniError.InvalidEnvironment)
        {
            // That is how a plugin refuses a CNI_COMMAND which it does not know.
        }
    }

    /// <summary>A config that was kept, with what ADD has answered, for the verbs after it.</summary>
    /// <param name="kept">As the state has it.</param>
    /// <returns>Null when it is none: no JSON, or without a type.</returns>
    internal DelegateOrder? Recall(string kept)
    {
        try
        {
            if (SafeJson.Parse(kept) is JsonObject config
                && config["type"] is JsonValue value && value.TryGetValue(out string? type))
            {
                if (Config.PreviousResult is { } result)
                {
                    config["prevResult"] = result.DeepClone();
                }

                return new DelegateOrder(type, config);
            }
        }
        catch (System.Text.Json.JsonException)
        {
            // Cut off, or written by somebody else.
        }

        return null;
    }
}
