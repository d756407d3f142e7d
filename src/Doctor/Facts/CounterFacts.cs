using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;
using Overlay.Control;

namespace Overlay.Doctor.Facts;

/// <summary>
/// Counters that only grow. What they have reached says nothing of now, so they are looked at twice; once alone where
/// all that is asked for is 0.
/// </summary>
/// <param name="files">Where /proc and /sys are.</param>
/// <param name="overlay">Whose port and tunnel.</param>
/// <param name="daemon">Its status; null when none answers.</param>
/// <param name="askAgain">Its status a moment later.</param>
internal sealed class CounterFacts(
    HostFiles files, OverlayFacts overlay, StatusReport? daemon, Func<StatusReport?> askAgain)
{
    /// <summary>Datagrams dropped at the overlay's socket: its receive buffer was full (proc_net_udp(5)).</summary>
    internal const string SocketDrops = "socket drops";

    /// <summary>Packets that the tunnel's queue did not take.</summary>
    internal const string TunnelDrops = "tunnel drops";

    /// <summary>Packets that our daemon has dropped because their time to live had ended.</summary>
    internal const string TtlExpired = "ttl_expired";

    private const int SocketColumns = 13; // the last one is drops

    private readonly Lazy<(IReadOnlyDictionary<string, long> Values, long At)> _first = new(
        () => (Read(files, overlay, daemon), Stopwatch.GetTimestamp()));

    private IReadOnlyDictionary<string, long>? _second;

    /// <summary>How far the two looks are apart.</summary>
    internal static TimeSpan Span { get; } = TimeSpan.FromMilliseconds(250);

    /// <summary>What a counter has reached; 0 for one that is not there.</summary>
    /// <param name="name">One of the names here, or of /proc/net/snmp: <c>Udp.InCsumErrors</c>.</param>
    internal long Total(string name) => _first.Value.Values.GetValueOrDefault(name);

    /// <summary>By how much a counter has grown between the two looks.</summary>
    /// <inheritdoc cref="Total"/>
    internal long Growth(string name)
    {
        long before = Total(name);
        if (before == 0)
        {
            return 0;
        }

        if (_second is null)
        {
            _ = SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(_first.Value.At) >= Span, Span);
            _second = Read(files, overlay, askAgain());
        }

        return _second.GetValueOrDefault(name) - before;
    }

    private static Dictionary<string, long> Read(
        HostFiles files, OverlayFacts overlay, StatusReport? daemon)
    {
        Dictionary<string, long> values = new(StringComparer.Ordinal);
        string[] lines = (files.Read("proc/net/snmp") ?? "").Split('\n');
        for (int index = 0; index + 1 < lines.Length; index += 2)
        {
            string[] names = lines[index].Split(' ');
            string[] numbers = lines[index + 1].Split(' ');
            for (int column = 1; column < names.Length && column < numbers.Length; column++)
            {
                values[$"{names[0].TrimEnd(':')}.{names[column]}"] = Parse(numbers[column]);
            }
        }

        string port = string.Create(CultureInfo.InvariantCulture, $":{overlay.Port ?? 0:X4}");
        values[SocketDrops] = (files.Read("proc/net/udp") ?? "").Split('\n').Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length >= SocketColumns && words[1].EndsWith(port, StringComparison.Ordinal))
            .Sum(words => Parse(words[^1]));
        values[TunnelDrops] = overlay.Tunnel is { } tunnel
            ? Parse(files.ReadWord($"sys/class/net/{tunnel}/statistics/tx_dropped"))
            : 0;
        values[TtlExpired] = daemon?.Drops.GetValueOrDefault(TtlExpired) ?? 0;
        return values;
    }

    private static long Parse(string? text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : 0;
}
