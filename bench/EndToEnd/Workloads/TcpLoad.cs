using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Overlay.Lab;

namespace Overlay.Bench.Workloads;

/// <summary>TCP_STREAM: one or more connections that send as fast as they may.</summary>
/// <param name="streams">At a time, 1 or more.</param>
/// <param name="from">The senders' namespace.</param>
/// <param name="to">The receivers' namespace.</param>
/// <param name="destination">The receivers' address.</param>
internal sealed class TcpLoad(int streams, string from, string to, IPAddress destination)
    : Workload($"TCP, {streams} streams to {destination}")
{
    /// <summary>Bytes a send and a receive, iperf3's default.</summary>
    internal const int BlockBytes = 128 << 10;

    private readonly Stream[] _streams = [.. Enumerable.Range(0, streams).Select(_ => new Stream())];
    private Socket? _listener;

    /// <inheritdoc/>
    internal override WorkloadCounts Counts => new(_streams.Sum(stream => Volatile.Read(ref stream.Received)));

    public override void Dispose()
    {
        base.Dispose();
        _listener?.Dispose(); // an abort may have come before it was there
    }

    /// <inheritdoc/>
    protected override void Open()
    {
        _listener = LabNamespace.Run(to, () =>
        {
            Socket listener = NewSocket();
            listener.Bind(new IPEndPoint(destination, 0));
            listener.Listen(_streams.Length);
            return listener;
        });
        foreach (Stream stream in _streams)
        {
            stream.Sender = LabNamespace.Run(from, NewSocket);
            stream.Sender.Connect((IPEndPoint)_listener.LocalEndPoint!); // a bound socket has one
            stream.Receiver = _listener.Accept();
            stream.Receiver.ReceiveTimeout = PatienceMilliseconds;
        }

        foreach (Stream stream in _streams)
        {
            Run("bench-tcp-in", () => Receive(stream));
            Run("bench-tcp-out", () => Send(stream.Sender!));
        }
    }

    /// <inheritdoc/>
    protected override void WakeAll()
    {
        _listener?.Dispose();
        foreach (Stream stream in _streams)
        {
            stream.Sender?.Dispose();
            stream.Receiver?.Dispose();
        }
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        SendTimeout = PatienceMilliseconds,
        ReceiveTimeout = PatienceMilliseconds,
        // what is still in flight at the end is nobody's business: a reset frees both ends at once
        LingerState = new LingerOption(true, 0),
    };

    private void Send(Socket sender)
    {
        byte[] block = new byte[BlockBytes];
        while (!IsStopping)
        {
            _ = sender.Send(block);
        }
    }

    private void Receive(Stream stream)
    {
        byte[] block = new byte[BlockBytes];
        while (!IsStopping)
        {
            int count = stream.Receiver!.Receive(block);
            if (count == 0)
            {
                throw new SocketException((int)SocketError.ConnectionReset);
            }

            Volatile.Write(ref stream.Received, stream.Received + count);
        }
    }

    private sealed class Stream
    {
        internal Socket? Sender;
        internal Socket? Receiver;
        internal long Received;
    }
}
