using Overlay.Lease;
using Overlay.Operator.Config;
using Overlay.Terminal;

namespace Overlay.Daemon.Start;

/// <summary>What this daemon and its backends make of a network config, for the commands that check one.</summary>
internal sealed class BackendRules : IBackendRules
{
    /// <inheritdoc/>
    public string? RefusalOf(NetworkConfig config, string source)
    {
        try
        {
            _ = BackendCatalog.Find(config, source);
            return null;
        }
        catch (OperatorException problem)
        {
            return problem.Message;
        }
    }

    /// <inheritdoc/>
    public CompletedBackend? Complete(BackendConfig backend) => BackendCatalog.Find(backend)?.Complete(backend);
}
