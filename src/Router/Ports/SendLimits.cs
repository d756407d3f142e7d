namespace Overlay.Router.Ports;

/// <summary>How much goes into one sending system call.</summary>
/// <param name="Messages">Messages per call, 1 or more.</param>
/// <param name="Datagrams">Datagrams per train, 1 (no trains) to <see cref="MostDatagrams"/>.</param>
internal readonly record struct SendLimits(int Messages, int Datagrams)
{
    /// <summary>The kernel's limit from Linux 6.9 on, less one (UDP_MAX_SEGMENTS, linux/udp.h).</summary>
    internal const int MostDatagrams = 127;

    /// <summary>
    /// The limit before Linux 6.9, less one: those kernels count headers as payload, so 64 full datagrams are too many.
    /// </summary>
    internal const int SafeDatagrams = 63;
}
