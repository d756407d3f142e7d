using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Etcd;

/// <summary>How soon a lease that is put into a real etcd carries packets.</summary>
[Collection(nameof(Alone))]
public sealed class EtcdLatencyTests : LabTest
{
    // The first ones find the neighbour, and code that has not been compiled.
    private const int WarmUps = 5, Puts = 40;

    private const int InnerDestinationAt = 16; // RFC 791

    [Fact]
    public void A_lease_put_in_etcd_carries_packets_minutes_before_the_next_listing()
    {
        TestLab lab = NewLab(3);
        using LabEtcd etcd = lab.StartEtcd();
        _ = lab.BringUp(1, 2);
        long lease = etcd.Gateway.Grant();
        HashSet<byte> taken = [.. new[] { 1, 2 }.Select(number => lab.Subnet(number).Network.GetAddressBytes()[2])];
        List<byte> free = [.. Enumerable.Range(1, 254).Select(
            third => (byte)third).Where(third => !taken.Contains(third)).Take(WarmUps + Puts)];
        using var peer = new PeerPort(lab);
        using var generator = new Generator(lab);
        List<double> afterAnswer = [], afterAsking = [];
        foreach (byte third in free)
        {
            generator.SendTo(third);
            long asked = Stopwatch.GetTimestamp();
            etcd.Gateway.PutLease($"10.244.{third}.0/24", lab.Host(3).UnderlayAddress.ToString(), lease);
            long answered = Stopwatch.GetTimestamp();
            Await(() => peer.FirstAt(third) != 0, () => $"nothing came for 10.244.{third}.0/24");

            // Negative when the packet was there before the answer to the put.
            afterAnswer.Add((peer.FirstAt(third) - answered) * 1e3 / Stopwatch.Frequency);
            afterAsking.Add((peer.FirstAt(third) - asked) * 1e3 / Stopwatch.Frequency);
        }

        Print($"from the answer to the put to the first packet: {Describe(afterAnswer)}");
        Print($"from before the put to the first packet: {Describe(afterAsking)}");
    }

    private static double Median(List<double> all) => all.Skip(WarmUps).Order().ElementAt(Puts / 2);

    private static string Describe(List<double> all)
    {
        double[] sorted = [.. all.Skip(WarmUps).Order()];
        return $"median {Median(all):0.0} ms, 10th percentile {sorted[Puts / 10]:0.0}, "
            + $"90th {sorted[Puts * 9 / 10]:0.0}, from {sorted[0]:0.0} to {sorted[^1]:0.0}, {Puts} puts";
    }

    /// <summary>A pod that sends a datagram every millisecond, whether there is a way for it or not.</summary>
    private sealed class Generator : IDisposable
    {
        private readonly Socket _socket;
        private readonly Thread _thread;
        private readonly ManualResetEventSlim _enough = new();
        private int _third = -1;

        internal Generator(TestLab lab)
        {
            _socket = NamespaceSocket.Udp(lab.Host(1).PodNamespace);
            _thread = new Thread(Send) { IsBackground = true, Name = "generator" };
            _thread.Start();
        }

        /// <summary>To 10.244.<paramref name="third"/>.2 from now on.</summary>
        internal void SendTo(byte third) => Volatile.Write(ref _third, third);

        public void Dispose()
        {
            _enough.Set();
            _thread.Join();
            _socket.Dispose();
            _enough.Dispose();
        }

        private void Send()
        {
            byte[] payload = new byte[32];
            while (!_enough.Wait(TimeSpan.FromMilliseconds(1)))
            {
                if (Volatile.Read(ref _third) is >= 0 and int third)
                {
                    _ = _socket.SendTo(payload, new IPEndPoint(new IPAddress([10, 244, (byte)third, 2]), 9));
                }
            }
        }
    }

    /// <summary>Where a peer would listen, and when the first packet for each subnet came.</summary>
    private sealed class PeerPort : IDisposable
    {
        private readonly Socket _socket;
        private readonly Thread _thread;
        private readonly long[] _firstAt = new long[256];
        private volatile bool _closed;

        internal PeerPort(TestLab lab)
        {
            _socket = NamespaceSocket.Udp(lab.Host(3).HostNamespace);
            _socket.ReceiveTimeout = 100;
            _socket.Bind(new IPEndPoint(lab.Host(3).UnderlayAddress, TestLab.Port));
            _thread = new Thread(Receive) { IsBackground = true, Name = "peer" };
            _thread.Start();
        }

        /// <summary>0 when none has come yet.</summary>
        internal long FirstAt(byte third) => Volatile.Read(ref _firstAt[third]);

        public void Dispose()
        {
            _closed = true;
            _thread.Join();
            _socket.Dispose();
        }

        private void Receive()
        {
            byte[] datagram = new byte[2048];
            while (!_closed)
            {
                int length;
                try
                {
                    length = _socket.Receive(datagram);
                }
                catch (SocketException problem) when (
                    problem.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
                {
                    continue;
                }

                long now = Stopwatch.GetTimestamp();
                if (length > InnerDestinationAt + 4)
                {
                    _ = Interlocked.CompareExchange(ref _firstAt[datagram[InnerDestinationAt + 2]], now, 0);
                }
            }
        }
    }
}
