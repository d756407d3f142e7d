namespace Overlay.Lease;

/// <summary>The servers that a lease store may be kept in.</summary>
public enum StoreService
{
    /// <summary>etcd.</summary>
    Etcd,

    /// <summary>The Kubernetes API.</summary>
    Kubernetes,
}
