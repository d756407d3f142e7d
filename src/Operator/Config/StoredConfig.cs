using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease;
using Overlay.Terminal;

namespace Overlay.Operator.Config;

/// <summary>The network config a store holds.</summary>
internal static class StoredConfig
{
    /// <summary>Reads it as it is stored.</summary>
    /// <exception cref="OperatorException">There is none.</exception>
    internal static async Task<string> ReadTextAsync(ILeaseAdministration store, CancellationToken cancellation) =>
        await store.ReadConfigTextAsync(cancellation)
            ?? throw new OperatorException(
                $"{store.Description} has no network config; write it to a file and put it there: overlay config put "
                    + "FILE");

    /// <summary>Reads and checks it.</summary>
    /// <exception cref="OperatorException">There is none, or it is not valid.</exception>
    internal static async Task<NetworkConfig> ReadAsync(ILeaseAdministration store, CancellationToken cancellation)
    {
        var check = NetworkConfigCheck.Of(await ReadTextAsync(store, cancellation));
        return check.Config
            ?? throw new OperatorException(
                $"the network config of {store.Description} is not valid: {string.Join("; ", check.Problems)}");
    }
}
