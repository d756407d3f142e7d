using System.Globalization;

namespace Overlay.Control;

/// <summary>
/// What the kernel dropped on our ways and not by our doing, since the device and the sockets were made.
/// </summary>
/// <remarks>docs/metrics.md has the same names; a test compares them. Null where the kernel does not tell.</remarks>
/// <param name="TunQueueFull">Dropped at the end of the tunnel's transmit queue, before we read them; a superpacket is
/// one.</param>
/// <param name="TunReceiveDropped">Written to the tunnel and dropped there; those that count as <c>tun_refused</c> are
/// among them.</param>
/// <param name="SocketBufferFull">Messages dropped because our sockets' receive buffers were full; a train is
/// one.</param>
public sealed record KernelReport(
    long? TunQueueFull = null, long? TunReceiveDropped = null, long? SocketBufferFull = null)
{
    /// <summary>In one line.</summary>
    public override string ToString() =>
        $"tunQueueFull {Format(TunQueueFull)}, tunReceiveDropped {Format(TunReceiveDropped)}, socketBufferFull "
            + $"{Format(SocketBufferFull)}";

    private static string Format(long? count) => count?.ToString(CultureInfo.InvariantCulture) ?? "unknown";
}
