using System.Text.Json.Nodes;
using Overlay.Cni.Delegates;
using Overlay.Cni.Protocol;

namespace Overlay.Cni.Verbs;

/// <summary>
/// ADD: the delegate's config is made and kept, then the delegate makes the pod's network. In this order: whatever
/// kills this between the two, DEL finds what to undo.
/// </summary>
internal static class AddVerb
{
    /// <summary>Runs it.</summary>
    /// <returns>The delegate's result, unread.</returns>
    /// <exception cref="CniException">It failed; what was kept stays for DEL.</exception>
    internal static string Run(PluginCall call)
    {
        JsonObject config = DelegateConfig.Make(call.Config, call.ReadSubnet());
        string type = config["type"]!.GetValue<string>();
        _ = call.Delegates.Find(type); // nothing is kept for one that is not there

        string text = PlainJson.Of(config);
        call.Error.Write($"delegateAdd: netconf sent to delegate plugin:\n{text}\n");
        call.State.Save(call.Attachment, text);
        try
        {
            return call.Delegates.Call("ADD", type, text);
        }
        catch (CniException problem)
        {
            throw new CniException(problem.Code, $"failed to delegate add: {problem.Message}", problem.Details);
        }
    }
}
