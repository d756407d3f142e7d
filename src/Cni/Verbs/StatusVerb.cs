using System.Text.Json.Nodes;
using Overlay.Cni.Delegates;
using Overlay.Cni.Protocol;

namespace Overlay.Cni.Verbs;

/// <summary>STATUS: whether an ADD could work now.</summary>
internal static class StatusVerb
{
    /// <summary>Runs it.</summary>
    /// <exception cref="CniException">It could not; one line says why.</exception>
    internal static void Run(PluginCall call)
    {
        JsonObject config = DelegateConfig.Make(call.Config, call.ReadSubnet(CniError.NotAvailable));
        call.CallNewVerb("STATUS", config);
    }
}
