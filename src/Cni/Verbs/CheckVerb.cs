using System.Linq;
using System.Text.Json.Nodes;
using Overlay.Cni.Delegates;
using Overlay.Cni.Protocol;
using Overlay.Lease;

namespace Overlay.Cni.Verbs;

/// <summary>
/// CHECK: ADD has been here, the host still has the subnet that the pod's address is from, and the delegate finds its
/// work as it left it. Stock's does nothing.
/// </summary>
internal static class CheckVerb
{
    /// <summary>Runs it.</summary>
    /// <exception cref="CniException">Something is not as it was; one line says what.</exception>
    internal static void Run(PluginCall call)
    {
        if (call.State.Load(call.Attachment, out string path) is not { } kept)
        {
            throw new CniException(
                CniError.AttachmentDiffers,
                $"nothing is known of interface {call.Attachment.Interface} of this container in "
                    + $"{call.Config.DataDirectory}; delete the pod, and it gets a network anew",
                call.Attachment.ContainerId);
        }

        DelegateOrder order = call.Recall(kept) ?? throw new CniException(
            CniError.AttachmentDiffers,
            $"{path} is no config of a delegate; delete the pod, and it gets a network anew");
        SubnetEnv now = call.ReadSubnet();
        JsonNode? ranges = (order.Config["ipam"] as JsonObject)?["ranges"];
        if (!JsonNode.DeepEquals(ranges, DelegateConfig.Ranges(now)))
        {
            throw new CniException(
                CniError.AttachmentDiffers,
                $"this node has the subnet {Describe(DelegateConfig.Ranges(now))} now, and the pod's address is of "
                    + $"{Describe(ranges)}: nobody sends packets there; delete the pod, and "
                    + "it gets another address");
        }

        RouteGateways.Fill(order.Config["prevResult"]);
        _ = call.Delegates.Call("CHECK", order.Type, PlainJson.Of(order.Config));
    }

    private static string Describe(JsonNode? ranges) => ranges is JsonArray list && list.Count > 0
        ? string.Join(" and ", list.Select(range =>
            OneLine.Shorten(((range as JsonArray)?.FirstOrDefault() as JsonObject)?["subnet"]?.ToString() ?? "?")))
        : "no subnet";
}
