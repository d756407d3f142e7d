using System.Globalization;
using System.Text;

namespace Overlay.Control;

/// <summary>What has been forwarded for one peer, by the kernel path and through user space together.</summary>
/// <remarks>docs/metrics.md has the same names; a test compares them.</remarks>
/// <param name="Peer">Its public IP.</param>
/// <param name="OutboundPackets">To it.</param>
/// <param name="OutboundBytes">Of inner packets.</param>
/// <param name="InboundPackets">From it.</param>
/// <param name="InboundBytes">Of inner packets.</param>
/// <param name="KernelOutboundPackets">Of those to it, by the kernel path.</param>
/// <param name="KernelOutboundBytes">Of inner packets.</param>
/// <param name="KernelInboundPackets">Of those from it, by the kernel path.</param>
/// <param name="KernelInboundBytes">Of inner packets.</param>
public sealed record PeerReport(
    string Peer, long OutboundPackets, long OutboundBytes, long InboundPackets, long InboundBytes,
    long KernelOutboundPackets = 0, long KernelOutboundBytes = 0, long KernelInboundPackets = 0,
    long KernelInboundBytes = 0)
{
    internal void AppendTo(StringBuilder table, bool hasKernelPath)
    {
        table.AppendLine(
            CultureInfo.InvariantCulture,
            $"peer      {Peer} {Format(OutboundPackets, OutboundBytes, KernelOutboundPackets)} out, "
                + $"{Format(InboundPackets, InboundBytes, KernelInboundPackets)} in");

        string Format(long packets, long bytes, long byKernel)
        {
            string part = hasKernelPath ? $" ({byKernel} by the kernel)" : string.Empty;
            return $"{packets} packets{part}, {bytes} bytes";
        }
    }
}
