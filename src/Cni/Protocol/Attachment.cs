namespace Overlay.Cni.Protocol;

/// <summary>One interface of one container in one network.</summary>
/// <param name="ContainerId">The container.</param>
/// <param name="Interface">Inside it.</param>
internal readonly record struct Attachment(string ContainerId, string Interface);
