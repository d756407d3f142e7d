using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Capture.Packets;
using Overlay.Linux;

namespace Overlay.Diagnosis.Trace;

/// <summary>A packet socket for each interface of a host: it takes the frames of one trace alone (packet(7)).</summary>
/// <param name="ping">What is looked for.</param>
/// <param name="decoder">Knows the overlay's port.</param>
internal sealed class PointSockets(TracePing ping, PacketDecoder decoder) : IDisposable
{
    private readonly List<(TracePoint Point, PacketSocket Socket)> _sockets = [];
    private readonly byte[] _frame = new byte[TracePing.MostBytes];

    /// <summary>Where there is one.</summary>
    internal IEnumerable<TracePoint> Points => _sockets.Select(each => each.Point);

    /// <summary>Whether any frame of the trace has come.</summary>
    internal bool HasSeen { get; private set; }

    /// <summary>Begins at one more interface.</summary>
    /// <exception cref="LinuxException">The kernel refused, or the interface is gone.</exception>
    internal void Open(PointInterface at)
    {
        PacketSocket socket = at.Place.Run(() => PacketSocket.Open(at.Index, ping.Filter(at.Point.LinkType)));
        socket.EnableTimestamps();
        _sockets.Add((at.Point, socket));
    }

    /// <summary>Takes what has come.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    internal void Read(List<Sighting> into)
    {
        foreach ((TracePoint point, PacketSocket socket) in _sockets)
        {
            while (socket.TryReceive(_frame, TimeSpan.Zero, out int length, out PacketDirection direction))
            {
                long when = socket.LastTimestamp() ?? 0;
                byte[] bytes = _frame.AsSpan(0, length).ToArray();
                DecodedPacket packet = decoder.Decode(point.LinkType, bytes, length);
                if (ping.Recognize(packet, out ushort sequence) is { } way)
                {
                    HasSeen = true;
                    into.Add(new Sighting(
                        point, way, sequence, when, direction == PacketDirection.Outgoing, bytes, length));
                }
            }
        }
    }

    /// <summary>Ends.</summary>
    public void Dispose()
    {
        foreach ((_, PacketSocket socket) in _sockets)
        {
            socket.Dispose();
        }
    }
}
