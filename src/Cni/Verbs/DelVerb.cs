using System;
using Overlay.Cni.Protocol;

namespace Overlay.Cni.Verbs;

/// <summary>
/// DEL: the delegate undoes what it was told at ADD. What nothing is known of is undone already: the runtime may call
/// as often as it likes, also when ADD has failed.
/// </summary>
internal static class DelVerb
{
    /// <summary>Runs it.</summary>
    /// <param name="call">What there is to work with.</param>
    /// <param name="clock">Says which temporary files are old.</param>
    /// <exception cref="CniException">The delegate failed; what is kept stays for the next try.</exception>
    internal static void Run(PluginCall call, TimeProvider clock)
    {
        call.State.RemoveLeftovers(call.Attachment, clock);
        if (call.State.Load(call.Attachment, out string path) is not { } kept)
        {
            return;
        }

        Undo(call, path, kept);
    }

    /// <summary>Has one attachment's network undone, and forgets it.</summary>
    /// <exception cref="CniException">The delegate failed; what is kept stays.</exception>
    internal static void Undo(PluginCall call, string path, string kept)
    {
        if (call.Recall(kept) is { } order)
        {
            _ = call.Delegates.Call("DEL", order.Type, PlainJson.Of(order.Config));
        }
        else
        {
            call.Error.Write($"{path} is no config of a delegate; it is removed, and nothing is undone by it\n");
        }

        call.State.Remove(path);
    }
}
