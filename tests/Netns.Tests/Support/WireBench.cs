using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using Overlay.Lab;
using Overlay.Linux;
using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>
/// Packets of the test's own making, byte for byte: the first host has a real daemon, the second a plain socket in its
/// peer's place, the third no daemon but devices for which the kernel does everything itself.
/// </summary>
internal sealed class WireBench : IDisposable
{
    /// <summary>Behind the peer.</summary>
    internal const string Remote = "10.244.77.9";

    private const string PeerSubnet = "10.244.77.0/24";

    private readonly List<IDisposable> _parts = [];
    private readonly byte[] _datagram = new byte[64 * 1024];

    /// <summary>Starts the daemon and opens everything else.</summary>
    /// <param name="engine">Of the daemon.</param>
    internal WireBench(string engine)
    {
        Lab = Own(new TestLab(3));
        try
        {
            Lab.WriteLease(PeerSubnet, Lab.Host(2).UnderlayAddress.ToString());
            SubnetFacts own = Lab.WaitUntilReady(Lab.Start(1, "--engine", engine), 1);
            Assert.True(
                Condition.Holds(() => Lab.Counters(1).Routes == 1, TestLab.Patience),
                "the peer's lease is not in force");
            string half = $"{own.Network}/25".Replace(".0/25", ".128/25", StringComparison.Ordinal);
            Local = half.Replace(".128/25", ".200", StringComparison.Ordinal);

            Inject = Own(new CraftedTun(Lab.Ip, Lab.Host(1).HostNamespace, "inject0", virtioNetHeader: true));
            Deliver = Own(new CraftedTun(Lab.Ip, Lab.Host(1).HostNamespace, "bare0", virtioNetHeader: false, half));
            KernelInject = Own(new CraftedTun(Lab.Ip, Lab.Host(3).HostNamespace, "inject0", virtioNetHeader: true));
            KernelDeliver = Own(
                new CraftedTun(Lab.Ip, Lab.Host(3).HostNamespace, "bare0", virtioNetHeader: false, "10.244.0.0/16"));
            Peer = Own(NamespaceSocket.Udp(Lab.Host(2).HostNamespace));
            Peer.Bind(new IPEndPoint(Lab.Host(2).UnderlayAddress, TestLab.Port));
            Peer.ForceReceiveBuffer(16 << 20);
            Peer.ReceiveTimeout = (int)TestLab.Patience.TotalMilliseconds;
            Tunnel = Own(LabNamespace.Run(
                Lab.Host(1).HostNamespace,
                () => PacketSocket.Open(LabNamespace.InterfaceIndex(Lab.Host(1).HostNamespace, "flannel0"))));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal TestLab Lab { get; }

    /// <summary>An address in the first host's subnet.</summary>
    internal string Local { get; }

    /// <summary>Into the first host's kernel, which routes to the daemon what is for <see cref="Remote"/>.</summary>
    internal CraftedTun Inject { get; }

    /// <summary>
    /// Out of the first host's kernel: what is for <see cref="Local"/>, cut and completed by the kernel.
    /// </summary>
    internal CraftedTun Deliver { get; }

    /// <summary>Into a kernel that forwards everything for the overlay to <see cref="KernelDeliver"/>.</summary>
    internal CraftedTun KernelInject { get; }

    /// <summary>What the kernel makes of a superpacket.</summary>
    internal CraftedTun KernelDeliver { get; }

    private Socket Peer { get; }

    private PacketSocket Tunnel { get; }

    /// <summary>The payloads of the next datagrams from the daemon.</summary>
    internal List<byte[]> ReadWire(int count)
    {
        List<byte[]> datagrams = [];
        while (datagrams.Count < count)
        {
            try
            {
                datagrams.Add(_datagram[..Peer.Receive(_datagram)]);
            }
            catch (SocketException problem)
            {
                throw new InvalidOperationException($"datagram {datagrams.Count} of {count} did not come", problem);
            }
        }

        return datagrams;
    }

    /// <summary>Reads and forgets what waits on the wire, on the devices and in the capture.</summary>
    /// <returns>How many packets waited on the wire and on the devices.</returns>
    internal int Discard()
    {
        int count = Deliver.Discard() + KernelDeliver.Discard();
        for (; Peer.Available > 0; count++)
        {
            _ = Peer.Receive(_datagram);
        }

        _ = LongestInTunnel();
        return count;
    }

    /// <summary>Sends packets to the daemon, those that are alike as trains.</summary>
    /// <param name="packets">A train is as many as are as long as its first, and one that is shorter.</param>
    internal void SendWire(IReadOnlyList<byte[]> packets)
    {
        const int MostPackets = 40;
        var daemon = new IPEndPoint(Lab.Host(1).UnderlayAddress, TestLab.Port);
        for (int first = 0, next; first < packets.Count; first = next)
        {
            int length = packets[first].Length;
            List<byte> train = [.. packets[first]];
            for (next = first + 1; next < packets.Count
                && next - first < MostPackets
                && packets[next - 1].Length == length
                && packets[next].Length <= length; next++)
            {
                train.AddRange(packets[next]);
            }

            Peer.SetSegmentBytes(next - first > 1 ? length : 0);
            _ = Peer.SendTo([.. train], daemon);
        }
    }

    /// <summary>
    /// The longest packet that has passed flannel0 since the last call, in bytes: a superpacket's whole length.
    /// </summary>
    internal int LongestInTunnel()
    {
        int longest = 0;
        while (Tunnel.TryReceive(_datagram, TimeSpan.Zero, out int length, out _))
        {
            longest = Math.Max(longest, length);
        }

        return longest;
    }

    public void Dispose()
    {
        for (int i = _parts.Count - 1; i >= 0; i--)
        {
            _parts[i].Dispose();
        }

        _parts.Clear();
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _parts.Add(part);
        return part;
    }
}

/// <summary>A bench for each engine, for as long as a test class runs.</summary>
public sealed class WireBenches : IDisposable
{
    private readonly Dictionary<string, WireBench> _benches = [];

    public void Dispose()
    {
        foreach (WireBench bench in _benches.Values)
        {
            bench.Dispose();
        }
    }

    internal WireBench Of(string engine)
    {
        Prerequisites.Require();
        return _benches.TryGetValue(engine, out WireBench? bench) ? bench : _benches[engine] = new WireBench(engine);
    }
}
