using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Bench.Variants;
using Overlay.Control;

namespace Overlay.Bench;

/// <summary>
/// Packets that were lost on a path, by reason: the daemons' own reasons, and the kernel's at device and sockets.
/// </summary>
internal static class Drops
{
    /// <summary>Since the daemons' start; empty where nobody counts.</summary>
    internal static IReadOnlyDictionary<string, long> Of(RunningVariant path)
    {
        IReadOnlyList<CountersReport> counters = path.ReadCounters();
        SortedDictionary<string, long> sum = CountersReport.SumDrops(counters.Select(each => each.Drops));
        Add("tun_queue_full", counters.Sum(each => each.Kernel?.TunQueueFull ?? 0));
        Add("tun_receive_dropped", counters.Sum(each => each.Kernel?.TunReceiveDropped ?? 0));
        Add("socket_buffer_full", counters.Sum(each => each.Kernel?.SocketBufferFull ?? 0));
        Add("device_dropped", counters.Sum(each =>
            (each.KernelForwarding?.OutboundDropped ?? 0) + (each.KernelForwarding?.InboundDropped ?? 0)));
        return sum;

        void Add(string reason, long count)
        {
            if (count > 0)
            {
                sum[reason] = count;
            }
        }
    }

    /// <summary>Since an earlier look, only what has grown, and what the receiving socket had no room for.</summary>
    internal static IReadOnlyDictionary<string, long> Since(
        RunningVariant path, IReadOnlyDictionary<string, long> before, long atReceiver) => Of(path)
        .Select(drop => (drop.Key, Count: drop.Value - before.GetValueOrDefault(drop.Key)))
        .Append((Key: "receiver_buffer_full", Count: atReceiver))
        .Where(drop => drop.Count > 0)
        .ToDictionary(drop => drop.Key, drop => drop.Count, StringComparer.Ordinal);
}
