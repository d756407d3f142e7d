namespace Overlay.Lab.Cni;

/// <summary>A TCP port of a host that leads into a pod.</summary>
/// <param name="OnHost">Of every address of the host.</param>
/// <param name="InPod">Of the pod.</param>
public sealed record HostPort(int OnHost, int InPod);
