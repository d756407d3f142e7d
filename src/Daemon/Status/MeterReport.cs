using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Overlay.Router.Forwarding;
using Overlay.Router.Metering;

namespace Overlay.Daemon.Status;

/// <summary>One system call of one direction.</summary>
/// <param name="Calls">How often.</param>
/// <param name="Bytes">That crossed with it.</param>
/// <param name="Seconds">Spent in it, by samples; 0 for calls that are only counted.</param>
internal sealed record CallReport(long Calls, long Bytes, double Seconds);

/// <summary>What one direction's threads did beside forwarding.</summary>
/// <param name="Calls">By name, only what is not zero.</param>
/// <param name="WorkSeconds">Spent on packets between the calls, by samples.</param>
/// <param name="UserCopiedBytes">Payload copied within user space.</param>
internal sealed record DirectionMeter(
    IReadOnlyDictionary<string, CallReport> Calls, double WorkSeconds, long UserCopiedBytes)
{
    /// <summary>In one line: <c>tun_read 12, udp_send 3, user copies 0 bytes</c>.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{string.Join(", ", Calls.Select(call => $"{call.Key} {call.Value.Calls}").DefaultIfEmpty("no call"))}, "
            + $"user copies {UserCopiedBytes} bytes");

    internal static DirectionMeter Of(MeterTotals meter) => new(
        MeteredCalls.All.Where(call => meter.CallsOf(call) > 0).ToDictionary(
            MeteredCalls.Name, call => new CallReport(
                meter.CallsOf(call), meter.BytesOf(call), meter.SecondsOf(call)), StringComparer.Ordinal),
        meter.WorkSeconds,
        meter.UserCopiedBytes);
}

/// <summary>What the packet threads asked of the kernel. A thread for both ways sleeps on the way in.</summary>
/// <param name="Outbound">TUN to UDP.</param>
/// <param name="Inbound">UDP to TUN.</param>
internal sealed record MeterReport(DirectionMeter Outbound, DirectionMeter Inbound)
{
    /// <summary>Of a forwarder; null when it is not metered.</summary>
    internal static MeterReport? Of(Forwarder forwarder) =>
        forwarder.OutboundMeter is { } outbound && forwarder.InboundMeter is { } inbound
            ? new MeterReport(DirectionMeter.Of(outbound), DirectionMeter.Of(inbound))
            : null;
}
