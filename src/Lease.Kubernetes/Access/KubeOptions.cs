using System;
using Overlay.Lease.Kubernetes.Nodes;

namespace Overlay.Lease.Kubernetes.Access;

/// <summary>Leases in the Kubernetes API: what the options and the environment say.</summary>
public sealed record KubeOptions
{
    /// <summary>flannel's place for the network config.</summary>
    public const string DefaultConfigPath = "/etc/kube-flannel/net-conf.json";

    /// <summary>URL of the API server, before that of the kubeconfig file; null for none.</summary>
    public Uri? ApiUrl { get; init; }

    /// <summary>A kubeconfig file; null for none. With no URL either, the pod's service account is used.</summary>
    public string? KubeconfigFile { get; init; }

    /// <summary>The names of the annotations.</summary>
    public AnnotationKeys Keys { get; init; } = AnnotationKeys.Parse(AnnotationKeys.DefaultPrefix);

    /// <summary>File with the network config.</summary>
    public string ConfigPath { get; init; } = DefaultConfigPath;

    /// <summary>This host's node (NODE_NAME); null when it has to be asked for by the pod.</summary>
    public string? NodeName { get; init; }

    /// <summary>The pod of the daemon (POD_NAME); null when it is not known.</summary>
    public string? PodName { get; init; }

    /// <summary>The pod's namespace (POD_NAMESPACE); null when it is not known.</summary>
    public string? PodNamespace { get; init; }

    /// <summary>Whether the node's condition NetworkUnavailable is set to False once the overlay is ready.</summary>
    public bool SetsNetworkUnavailable { get; init; } = true;

    /// <summary>Reads a variable of the environment; null for none.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>Where a pod has its service account.</summary>
    public string AccountDirectory { get; init; } = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>How long a connection may take to come up, TLS included.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a request may take, or a watch until it stands.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the server is asked to keep a watch, up to as much longer. Default 4 min.</summary>
    public TimeSpan WatchTime { get; init; } = TimeSpan.FromMinutes(4);
}
