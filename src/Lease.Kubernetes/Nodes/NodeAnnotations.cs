namespace Overlay.Lease.Kubernetes.Nodes;

/// <summary>A node's annotations of ours, as text; null for one that is not there. Equal text is equal.</summary>
/// <param name="Managed"><see cref="AnnotationKeys.Managed"/>.</param>
/// <param name="Type"><see cref="AnnotationKeys.Type"/>.</param>
/// <param name="Data"><see cref="AnnotationKeys.Data"/>.</param>
/// <param name="V6Data"><see cref="AnnotationKeys.V6Data"/>.</param>
/// <param name="PublicIp"><see cref="AnnotationKeys.PublicIp"/>.</param>
/// <param name="PublicIpv6"><see cref="AnnotationKeys.PublicIpv6"/>.</param>
/// <param name="PublicIpOverwrite"><see cref="AnnotationKeys.PublicIpOverwrite"/>.</param>
/// <param name="NodePublicIp"><see cref="AnnotationKeys.NodePublicIp"/>.</param>
internal sealed record NodeAnnotations(
    string? Managed = null,
    string? Type = null,
    string? Data = null,
    string? V6Data = null,
    string? PublicIp = null,
    string? PublicIpv6 = null,
    string? PublicIpOverwrite = null,
    string? NodePublicIp = null)
{
    /// <summary>A node that has none.</summary>
    internal static NodeAnnotations None { get; } = new();

    /// <summary>Whether the node's daemon keeps its lease here.</summary>
    internal bool IsManaged => Managed == AnnotationKeys.IsManaged;

    // Empty is as good as none: so an annotation is taken back where only a value can be given.
    internal string? Overwrite => string.IsNullOrEmpty(PublicIpOverwrite) ? null : PublicIpOverwrite;

    internal string? Named => string.IsNullOrEmpty(NodePublicIp) ? null : NodePublicIp;
}
