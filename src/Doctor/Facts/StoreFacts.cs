using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease;

namespace Overlay.Doctor.Facts;

/// <summary>What the lease store holds.</summary>
/// <param name="Description">The kind of store and where it is.</param>
/// <param name="ConfigText">The network config as it is stored; null when there is none.</param>
/// <param name="Entries">All leases, good and bad; none where they cannot be read.</param>
/// <param name="Problem">Why the store cannot be read; null when it can.</param>
internal sealed record StoreFacts(
    string Description, string? ConfigText, IReadOnlyList<LeaseEntry> Entries, LeaseStoreException? Problem)
{
    /// <summary>The config; null where there is none, or one that breaks a rule.</summary>
    internal NetworkConfig? Config { get; private init; }

    /// <summary>The first rule that the config breaks; null for none.</summary>
    internal NetworkConfigException? ConfigProblem { get; private init; }

    /// <summary>Reads it.</summary>
    internal static async Task<StoreFacts> ReadAsync(ILeaseAdministration store, CancellationToken cancellation)
    {
        string? text = null;
        try
        {
            text = await store.ReadConfigTextAsync(cancellation);
            (NetworkConfig? config, NetworkConfigException? broken) = Parse(text);
            return new StoreFacts(
                store.Description, text, await store.ListAsync(config, cancellation), Problem: null)
            {
                Config = config,
                ConfigProblem = broken,
            };
        }
        catch (LeaseStoreException problem)
        {
            return new StoreFacts(store.Description, text, [], problem);
        }
    }

    private static (NetworkConfig? Config, NetworkConfigException? Problem) Parse(string? text)
    {
        try
        {
            return (text is null ? null : NetworkConfig.Parse(text), null);
        }
        catch (NetworkConfigException problem)
        {
            return (null, problem);
        }
    }
}
