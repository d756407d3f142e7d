using System;
using Overlay.Linux;

namespace Overlay.Tun;

/// <summary>A TUN descriptor.</summary>
public sealed class TunQueue : ITunQueue, IDisposable
{
    internal TunQueue(SafeFd fd, bool hasVirtioNetHeader)
    {
        Descriptor = fd;
        HasVirtioNetHeader = hasVirtioNetHeader;
    }

    /// <inheritdoc/>
    public SafeFd Descriptor { get; }

    /// <inheritdoc/>
    public bool HasVirtioNetHeader { get; }

    /// <inheritdoc/>
    public SyscallResult Read(Span<byte> buffer) => DescriptorIo.Read(Descriptor, buffer);

    /// <inheritdoc/>
    public SyscallResult Write(IoVectors packet) => DescriptorIo.Write(Descriptor, packet);

    /// <inheritdoc/>
    public SyscallResult SetOffloads(TunOffloads offloads) => TunControl.SetOffloads(Descriptor, offloads);

    /// <inheritdoc/>
    public void Dispose() => Descriptor.Dispose();
}
