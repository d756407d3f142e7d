using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease.Kubernetes.Store;

/// <summary>The network config where leases are in the Kubernetes API: a file, as a rule of a ConfigMap.</summary>
internal static class KubeConfigFile
{
    private const string Remedy = "kubectl edit configmap, then start the daemons again";

    /// <summary>Reads it as it is.</summary>
    /// <exception cref="LeaseStoreException">It cannot be read.</exception>
    internal static async Task<string> ReadTextAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return await RegularFile.ReadAllTextAsync(path, cancellation);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new LeaseStoreException(
                $"failed to read net conf: {path}: {problem.Message.TrimEnd('.')}; name the file with the network "
                    + "config: --net-config-path", problem);
        }
    }

    /// <summary>Reads and checks it.</summary>
    /// <exception cref="LeaseStoreException">It cannot be read, or breaks a rule.</exception>
    internal static async Task<NetworkConfig> ReadAsync(string path, CancellationToken cancellation)
    {
        string json = await ReadTextAsync(path, cancellation);
        try
        {
            return NetworkConfig.Parse(json);
        }
        catch (NetworkConfigException problem)
        {
            throw new LeaseStoreException(
                $"error parsing subnet config: {path}: {problem.Message}; found: {OneLine.Shorten(json)}; correct it: "
                    + Remedy,
                problem);
        }
    }
}
