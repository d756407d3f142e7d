using System;
using System.IO;

namespace Overlay.Lease.Kubernetes.Access;

/// <summary>Where the API server is, whom to trust there, and as whom to come.</summary>
/// <param name="Server">Its URL, http or https; paths of the API are below it.</param>
internal sealed record ApiAccess(Uri Server)
{
    private const string Variables = "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT";

    /// <summary>The authorities that sign its certificate, PEM; null for the system's.</summary>
    internal Credential? Authorities { get; init; }

    /// <summary>Whether its certificate is taken unseen.</summary>
    internal bool IsUnverified { get; init; }

    /// <summary>The name its certificate must be for; null for the URL's host.</summary>
    internal string? ServerName { get; init; }

    /// <summary>Our certificate, PEM; null for none.</summary>
    internal Credential? Certificate { get; init; }

    /// <summary>Its key, PEM.</summary>
    internal Credential? Key { get; init; }

    /// <summary>Our bearer token, read for each request, for it is replaced before it ends; null for none.</summary>
    internal Credential? Token { get; init; }

    /// <summary>Our name and password; null for none.</summary>
    internal (string Name, string Password)? User { get; init; }

    /// <summary>For the remedy of a refusal: where what we show comes from.</summary>
    internal string Source { get; init; } = "--kubeconfig-file";

    /// <summary>By options as flanneld takes them (client-go's BuildConfigFromFlags): a kubeconfig file, a URL, both,
    /// in which case the URL counts, or the service account of the pod.</summary>
    /// <exception cref="LeaseStoreException">There is none of it, or it cannot be used.</exception>
    internal static ApiAccess Of(KubeOptions options)
    {
        if (options.KubeconfigFile is { } path)
        {
            return Kubeconfig.Read(path, options.ApiUrl);
        }

        return options.ApiUrl is { } url
            ? new ApiAccess(url) { Source = "--kubeconfig-file, which is not given" }
            : OfPod(options);
    }

    private static ApiAccess OfPod(KubeOptions options)
    {
        string? host = options.Variable("KUBERNETES_SERVICE_HOST");
        string? port = options.Variable("KUBERNETES_SERVICE_PORT");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port))
        {
            throw new LeaseStoreException(
                $"unable to load in-cluster configuration, {Variables} must be defined; outside of a pod give "
                    + "--kubeconfig-file");
        }

        string authority = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";
        if (!Uri.TryCreate($"https://{authority}", UriKind.Absolute, out Uri? server))
        {
            throw new LeaseStoreException($"{Variables} are '{host}' and '{port}', which is no address; correct them");
        }

        return new ApiAccess(server)
        {
            Authorities = new Credential(
                "the service account's CA", Path.Combine(options.AccountDirectory, "ca.crt"), null),
            Token = new Credential(
                "the service account's token", Path.Combine(options.AccountDirectory, "token"), null),
            Source = "the pod's service account",
        };
    }
}
