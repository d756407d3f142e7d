using System;
using System.Threading.Tasks;
using Overlay.Lease.Kubernetes.Client;

namespace Overlay.Lease.Kubernetes.Store;

/// <summary>What a failed request to the API server means for the user of a lease store.</summary>
internal static class KubeFaults
{
    /// <summary>Does something with the API server, its failures told as a lease store's.</summary>
    /// <param name="purpose">What is done, after "cannot".</param>
    /// <param name="source">Where what we show the server comes from.</param>
    /// <param name="work">Does it.</param>
    /// <exception cref="LeaseStoreException">The server did not do it, or it is unknown whether it did.</exception>
    internal static async Task<T> ExplainedAsync<T>(string purpose, string source, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (ApiException problem)
        {
            string text = Explain(purpose, source, problem);
            throw problem.IsNotReady
                ? new LeaseStoreNotReadyException(text, problem)
                : new LeaseStoreException(text, problem);
        }
    }

    /// <summary>One line, with the remedy where there is one.</summary>
    /// <param name="purpose">What could not be done, after "cannot".</param>
    /// <param name="source">Where what we show the server comes from.</param>
    /// <param name="problem">Why.</param>
    internal static string Explain(string purpose, string source, ApiException problem)
    {
        string? remedy = problem.Failure switch
        {
            ApiFailure.Forbidden =>
                $"give the user of this daemon a ClusterRole with: {problem.Request} (dist/kubernetes/overlay.yaml)",
            ApiFailure.Unauthorized => $"check {source}",
            ApiFailure.Untrusted => $"check the authorities of {source}",
            ApiFailure.NotFound when problem.Request == ApiClient.GetPod =>
                "set POD_NAME and POD_NAMESPACE to this pod's, or NODE_NAME",
            ApiFailure.NotFound => "set NODE_NAME to this node's name in: kubectl get nodes",
            _ => null,
        };
        string text = $"cannot {purpose}: {problem.Message}";
        return remedy is null ? text : $"{text}; {remedy}";
    }
}
