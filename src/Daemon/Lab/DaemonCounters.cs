using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overlay.Daemon.Lab;

/// <summary>What a daemon counted, as its socket tells it.</summary>
internal sealed record DaemonCounters
{
    /// <summary>From the TUN to the wire.</summary>
    public Flow Outbound { get; init; } = new(0, 0);

    /// <summary>From the wire to the TUN.</summary>
    public Flow Inbound { get; init; } = new(0, 0);

    /// <summary>Packets not forwarded, by reason; reasons that never happened are absent.</summary>
    public Dictionary<string, long> Drops { get; init; } = [];

    /// <summary>What forwarded.</summary>
    /// <param name="Packets">Inner packets.</param>
    /// <param name="Bytes">Of the inner packets.</param>
    internal sealed record Flow(long Packets, long Bytes);

    /// <summary>Asks the daemon behind <paramref name="socketPath"/>.</summary>
    /// <exception cref="LabException">It does not answer, or not with counters.</exception>
    internal static DaemonCounters Read(string socketPath)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            {
                ReceiveTimeout = 2000,
            };
            socket.Connect(new UnixDomainSocketEndPoint(socketPath));
            using var stream = new NetworkStream(socket, ownsSocket: false);
            return JsonSerializer.Deserialize(stream, CounterJson.Default.DaemonCounters)
                ?? throw new LabException($"{socketPath} answered with null");
        }
        catch (System.Exception failure) when (failure is SocketException or IOException or JsonException)
        {
            throw new LabException($"no counters from {socketPath}: {failure.Message}");
        }
    }

    /// <summary>Adds up the drops of several daemons, by reason and sorted by name.</summary>
    internal static SortedDictionary<string, long> SumDrops(IEnumerable<DaemonCounters> all)
    {
        var sum = new SortedDictionary<string, long>(System.StringComparer.Ordinal);
        foreach (DaemonCounters counters in all)
        {
            foreach ((string reason, long count) in counters.Drops)
            {
                sum[reason] = sum.GetValueOrDefault(reason) + count;
            }
        }

        return sum;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DaemonCounters))]
internal sealed partial class CounterJson : JsonSerializerContext;
