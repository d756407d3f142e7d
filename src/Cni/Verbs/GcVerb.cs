using System;
using System.Linq;
using System.Text.Json.Nodes;
using Overlay.Cni.Delegates;
using Overlay.Cni.Protocol;

namespace Overlay.Cni.Verbs;

/// <summary>
/// GC: what is kept for this network and belongs to no attachment that lives is undone, and the delegate collects its
/// own.
/// </summary>
internal static class GcVerb
{
    /// <summary>Runs it: as much as can be done is done, whatever fails.</summary>
    /// <param name="call">What there is to work with.</param>
    /// <param name="clock">Says which temporary files are old.</param>
    /// <exception cref="CniException">The config does not say what lives, or something failed: the last of it.
    /// </exception>
    internal static void Run(PluginCall call, TimeProvider clock)
    {
        Attachment[] alive = call.Config.ValidAttachments ?? throw new CniException(
            CniError.InvalidConfig,
            $"GC needs '{PluginConfig.ValidAttachmentsField}': without it nothing is known to live");
        call.State.RemoveLeftovers(null, clock);
        CniException? first = null;
        foreach ((string path, string containerId, string? ifname) in call.State.All())
        {
            bool lives = alive.Any(
                one => one.ContainerId == containerId && (ifname is null || one.Interface == ifname));
            first = (lives ? null : Try(() => Collect(call, path, new Attachment(containerId, ifname ?? "")))) ?? first;
        }

        first = Try(() => CollectByDelegate(call)) ?? first;
        if (first is not null)
        {
            throw first;
        }
    }

    // A container's files of other networks are theirs.
    private static void Collect(PluginCall call, string path, Attachment attachment)
    {
        if (call.State.Load(attachment, out _) is { } kept && call.Recall(kept) is { } order
            && order.Config["name"]?.ToString() == call.Config.Name)
        {
            DelVerb.Undo(call, path, kept);
        }
    }

    private static void CollectByDelegate(PluginCall call)
    {
        JsonObject config = DelegateConfig.Make(call.Config, call.ReadSubnet());
        config[PluginConfig.ValidAttachmentsField] = call.Config.ValidAttachmentsJson;
        call.CallNewVerb("GC", config);
    }

    private static CniException? Try(Action step)
    {
        try
        {
            step();
            return null;
        }
        catch (CniException problem)
        {
            return problem;
        }
    }
}
