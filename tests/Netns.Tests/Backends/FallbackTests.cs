using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Linux;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Backends;

/// <summary>vxlan with udp to fall back to, on real kernels.</summary>
[Collection(nameof(Alone))]
public sealed class FallbackTests : LabTest
{
    private const string Config = """{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}""";
    private const string Device = "flannel.1";
    private const int VxlanPort = 8472;

    [Fact]
    public void A_pair_whose_vxlan_is_dropped_goes_by_udp_alone_and_returns_and_no_stream_is_lost()
    {
        TestLab lab = NewLab(3, Config);
        foreach (int number in (int[])[1, 2, 3])
        {
            // As distributions have it: a device takes no packet whose answer would leave by another.
            WriteInside(lab, number, "/proc/sys/net/ipv4/conf/all/rp_filter", "1");
            WriteInside(lab, number, "/proc/sys/net/ipv4/conf/default/rp_filter", "1");
        }

        RunningProgram[] daemons = [.. lab.BringUp([1, 2, 3], _ => ["--fallback", "udp"])];
        Assert.All([1, 2, 3], number => Assert.Equal(1450, lab.Subnet(number).Mtu));
        using (var lease = JsonDocument.Parse(File.ReadAllText(lab.LeaseFile(lab.Subnet(1).Subnet))))
        {
            Assert.Equal("vxlan", lease.RootElement.GetProperty("BackendType").GetString());
            JsonElement data = lease.RootElement.GetProperty("BackendData");
            Assert.Equal(["VNI", "VtepMAC", "Fallback"], data.EnumerateObject().Select(property => property.Name));
            Assert.Equal("""{"Type":"udp","Port":8285}""", data.GetProperty("Fallback").GetRawText());
        }

        using Stream stream = new(lab, seed: Environment.ProcessId);
        Await(() => stream.Received > 1_000_000, lab.Logs);
        Assert.All([1, 2, 3], number => AssertWays(lab, number, "vxlan"));

        // Between hosts 1 and 2 alone, both ways.
        long began = Stopwatch.GetTimestamp();
        Drop(lab, "add", from: 1, to: 2);
        Drop(lab, "add", from: 2, to: 1);
        Await(() => Way(lab, 1, 2) == "udp" && Way(lab, 2, 1) == "udp", lab.Logs);
        Print($"on udp after {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        long before = stream.Received;
        Await(() => stream.Received > before + 1_000_000, lab.Logs);
        Print($"the stream went on after {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        daemons[0].AwaitError($"packets to {Underlay(lab, 2)} go by udp: ");
        _ = lab.AwaitWarning(1, "peer-by-fallback");
        Assert.Equal("", RouteOf(lab, 1, lab.Subnet(2).Subnet));
        Assert.Contains(Device, RouteOf(lab, 1, lab.Subnet(3).Subnet), StringComparison.Ordinal);
        Assert.Equal(("vxlan", "vxlan"), (Way(lab, 1, 3), Way(lab, 2, 3)));
        AssertWays(lab, 3, "vxlan");
        Assert.True(lab.Counters(1).Outbound.Packets > 0);
        Assert.Contains(
            $"  peer    {Underlay(lab, 2)} udp: ", lab.Counters(1).ToTable(), StringComparison.Ordinal);

        began = Stopwatch.GetTimestamp();
        Drop(lab, "del", from: 1, to: 2);
        Drop(lab, "del", from: 2, to: 1);
        Await(() => Way(lab, 1, 2) == "vxlan" && Way(lab, 2, 1) == "vxlan", lab.Logs);
        Print($"on VXLAN again after {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        before = stream.Received;
        Await(() => stream.Received > before + 1_000_000, lab.Logs);
        stream.EndsIntact();

        // The peer's daemon is away: udp would not reach it, and its kernel still forwards.
        daemons[1].Signal("TERM");
        Assert.Equal(0, daemons[1].WaitForExit().ExitCode);
        lab.AwaitPath(1, 2);
        Assert.Equal("vxlan", Way(lab, 1, 2));
    }

    [Fact]
    public void Without_vxlan_on_a_host_its_packets_go_by_udp_except_to_who_has_none_and_it_is_tried_again()
    {
        TestLab lab = NewLab(3, Config);
        using (LabNamespace.Run(
            lab.Host(1).HostNamespace, () => UdpSocket.Bind(default, VxlanPort, bufferBytes: 4096)))
        {
            string[][] options = [["--fallback", "udp"], ["--fallback", "udp"], []];
            RunningProgram[] daemons = [.. new[] { 2, 1, 3 }.Select(number => lab.Start(number, options[number - 1]))];
            foreach ((int number, RunningProgram daemon) in ((int[])[2, 1, 3]).Zip(daemons))
            {
                lab.AttachPod(number, lab.WaitUntilReady(daemon, number));
            }

            daemons[1].AwaitError("no VXLAN on this host, so packets to peers with --fallback udp go by udp, and it is "
                + $"tried again: UDP port {VxlanPort} is taken");
            daemons[1].AwaitError($"no way to {Underlay(lab, 3)}: no VXLAN on this host");
            lab.AwaitPath(1, 2);
            lab.AwaitPath(2, 1);
            _ = lab.AwaitWarning(1, "no-vxlan");
            Assert.Equal(("udp", "udp", "none"), (Way(lab, 1, 2), Way(lab, 2, 1), Way(lab, 1, 3)));
            Assert.Equal("vxlan", Way(lab, 2, 3));
            Assert.Null(lab.Counters(3).Fallback);
            lab.AwaitPath(2, 3);
        }

        // Tried again every 10 s, and whenever an interface changes.
        lab.Ip.Run("-n", lab.Host(1).HostNamespace, "link", "add", "another", "type", "bridge");
        Await(() => Way(lab, 1, 2) == "vxlan" && Way(lab, 2, 1) == "vxlan" && Way(lab, 1, 3) == "vxlan", lab.Logs);
        lab.AwaitPath(1, 3);
        lab.AwaitPath(1, 2);
    }

    private static void WriteInside(TestLab lab, int number, string path, string text) =>
        LabNamespace.Run(lab.Host(number).HostNamespace, () => File.WriteAllText(path, text));

    private static string Underlay(TestLab lab, int number) => $"{lab.Host(number).UnderlayAddress}";

    private static string? Way(TestLab lab, int of, int to) =>
        lab.Counters(of).Fallback?.Peers.SingleOrDefault(peer => peer.Peer == Underlay(lab, to))?.Way;

    private static void AssertWays(TestLab lab, int number, string way)
    {
        FallbackReport? report = lab.Counters(number).Fallback;
        Assert.NotNull(report);
        Assert.Equal((Device, null, 2), (report.Interface, report.Failure, report.Peers.Count));
        Assert.All(report.Peers, peer => Assert.Equal(way, peer.Way));
    }

    private static string RouteOf(TestLab lab, int number, string subnet) =>
        lab.Ip.Run("-n", lab.Host(number).HostNamespace, "route", "show", "exact", subnet).Trim();

    // A rule of the routing policy instead of a firewall's: every kernel that these tests run on has those.
    private static void Drop(TestLab lab, string what, int from, int to) => lab.Ip.Run(
        "-n", lab.Host(from).HostNamespace, "rule", what, "priority", "100", "to", $"{Underlay(lab, to)}", "ipproto",
        "udp", "dport", $"{VxlanPort}", "blackhole");

    /// <summary>Known bytes over one TCP connection from pod 1 to pod 2, for as long as the test takes.</summary>
    private sealed class Stream : IDisposable
    {
        private const int PiecesPerSecond = 500;

        private readonly Socket _listener;
        private readonly Socket _sender;
        private readonly Socket _receiver;
        private readonly Thread[] _threads;
        private readonly IncrementalHash _sent = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly IncrementalHash _arrived = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly ManualResetEventSlim _stop = new();

        private long _received;
        private SocketException? _failure;

        internal Stream(TestLab lab, int seed)
        {
            Print($"seed {seed}");
            _listener = LabNamespace.Run(lab.Host(2).PodNamespace, NewSocket);
            _listener.Bind(new IPEndPoint(lab.Pod(2), 0));
            _listener.Listen(1);
            _sender = LabNamespace.Run(lab.Host(1).PodNamespace, NewSocket);
            _sender.Connect((IPEndPoint)_listener.LocalEndPoint!); // a bound socket has one
            _receiver = _listener.Accept();
            _threads = [new Thread(() => Guard(() => Send(seed))), new Thread(() => Guard(Receive))];
            Array.ForEach(_threads, thread => thread.Start());
        }

        internal long Received => Interlocked.Read(ref _received);

        /// <summary>Ends the stream: every byte that was sent has arrived.</summary>
        internal void EndsIntact()
        {
            _stop.Set();
            Assert.All(_threads, thread => Assert.True(thread.Join(TestLab.Patience)));
            Assert.Null(_failure);
            Assert.Equal(_sent.GetHashAndReset(), _arrived.GetHashAndReset());
        }

        public void Dispose()
        {
            _stop.Set();
            _sender.Dispose();
            _receiver.Dispose();
            _listener.Dispose();
            Array.ForEach(_threads, thread => thread.Join());
            _sent.Dispose();
            _arrived.Dispose();
            _stop.Dispose();
        }

        private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            SendTimeout = (int)TestLab.Patience.TotalMilliseconds,
            ReceiveTimeout = (int)TestLab.Patience.TotalMilliseconds,
        };

        private void Guard(Action work)
        {
            try
            {
                work();
            }
            catch (SocketException problem)
            {
                _failure = problem;
            }
            catch (ObjectDisposedException)
            {
                // the test has failed already
            }
        }

        // Slow enough to leave the machine to others, and never idle.
        private void Send(int seed)
        {
            var random = new Random(seed);
            byte[] block = new byte[32 * 1024];
            while (!_stop.Wait(1000 / PiecesPerSecond))
            {
                random.NextBytes(block);
                _sent.AppendData(block);
                int offset = 0;
                while (offset < block.Length)
                {
                    offset += _sender.Send(block, offset, block.Length - offset, SocketFlags.None);
                }
            }

            _sender.Shutdown(SocketShutdown.Send);
        }

        private void Receive()
        {
            byte[] block = new byte[64 * 1024];
            int count;
            while ((count = _receiver.Receive(block)) > 0)
            {
                _arrived.AppendData(block, 0, count);
                Interlocked.Add(ref _received, count);
            }
        }
    }
}
