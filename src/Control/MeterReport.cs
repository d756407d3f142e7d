using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Overlay.Control;

/// <summary>One system call of one direction.</summary>
/// <param name="Calls">How often.</param>
/// <param name="Bytes">That crossed with it.</param>
/// <param name="Seconds">Spent in it, by samples; 0 for calls that are only counted.</param>
public sealed record CallReport(long Calls, long Bytes, double Seconds);

/// <summary>What one direction's threads did beside forwarding.</summary>
/// <param name="Calls">By name, only what is not zero.</param>
/// <param name="WorkSeconds">Spent on packets between the calls, by samples.</param>
/// <param name="UserCopiedBytes">Payload copied within user space.</param>
public sealed record DirectionMeter(
    IReadOnlyDictionary<string, CallReport> Calls, double WorkSeconds, long UserCopiedBytes)
{
    /// <summary>In one line: <c>tun_read 12, udp_send 3, user copies 0 bytes</c>.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{string.Join(", ", Calls.Select(call => $"{call.Key} {call.Value.Calls}").DefaultIfEmpty("no call"))}, "
            + $"user copies {UserCopiedBytes} bytes");
}

/// <summary>What the packet threads asked of the kernel. A thread for both ways sleeps on the way in.</summary>
/// <param name="Outbound">TUN to UDP.</param>
/// <param name="Inbound">UDP to TUN.</param>
public sealed record MeterReport(DirectionMeter Outbound, DirectionMeter Inbound);
