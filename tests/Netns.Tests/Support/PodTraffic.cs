using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using Overlay.Control;
using Overlay.Lab;
using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>
/// Every kind of traffic between the pods of the first two hosts, checked to the byte at its receiver.
/// </summary>
internal static class PodTraffic
{
    private const int IpAndUdpBytes = 28;

    /// <summary>TCP, UDP, UDP in superpackets, pings long and with options, in both directions.</summary>
    /// <param name="lab">With both pods attached.</param>
    /// <param name="mtu">The narrower pod's, in bytes.</param>
    /// <param name="tcpBytes">Each way.</param>
    /// <param name="seed">Of all content.</param>
    internal static void CrossesIntact(TestLab lab, int mtu, int tcpBytes, int seed)
    {
        foreach ((int from, int to) in ((int, int)[])[(1, 2), (2, 1)])
        {
            string source = lab.Host(from).PodNamespace;
            string target = lab.Host(to).PodNamespace;
            IPAddress pod = lab.Pod(to);
            TcpTransfer.ArrivesIntact(source, target, pod, tcpBytes, seed++);
            foreach (UdpSending sending in (UdpSending[])[UdpSending.Single, UdpSending.Segmented])
            {
                UdpTransfer.ArrivesIntact(source, target, pod, payloadBytes: 64, bursts: 4, seed++, sending);
                UdpTransfer.ArrivesIntact(source, target, pod, payloadBytes: 1001, bursts: 2, seed++, sending);
                UdpTransfer.ArrivesIntact(
                    source, target, pod, Math.Min(mtu - IpAndUdpBytes, 2000), bursts: 2, seed++, sending);
            }

            UdpTransfer.ArrivesIntact(source, target, pod, mtu - IpAndUdpBytes, bursts: 1, seed++);
            UdpTransfer.ArrivesIntact(source, target, pod, payloadBytes: 999, bursts: 1, seed++, UdpSending.Unchecked);
            Ping(lab, source, pod, "-s", "4000");
            Ping(lab, source, pod, "-s", "20000");
            Ping(lab, source, pod, "-R"); // record route: the longest header there is
            Ping(lab, source, pod, "-T", "tsonly");
        }
    }

    /// <summary>
    /// Fails the test when a kernel has refused a packet, or a daemon dropped one or noted something odd.
    /// </summary>
    /// <param name="lab">After the traffic.</param>
    /// <param name="daemons">The hosts that have one.</param>
    /// <param name="expectedEvents">Events that are no fault here.</param>
    internal static void WasFaultless(
        TestLab lab, IReadOnlyList<int> daemons, params IReadOnlyList<string> expectedEvents)
    {
        Assert.Empty(InnerErrors.Of(lab.Plan));
        foreach (int number in daemons)
        {
            CountersReport counters = lab.Counters(number);
            Assert.True(counters.Drops.Count == 0, $"h{number} drops:\n{counters.ToTable()}");
            Assert.True(
                counters.Outbound.Events.Keys.Concat(counters.Inbound.Events.Keys).All(expectedEvents.Contains),
                $"h{number} noted:\n{counters.ToTable()}");
        }
    }

    private static void Ping(TestLab lab, string from, IPAddress to, params string[] options)
    {
        CommandResult ping = lab.Run(from, ["ping", "-n", "-c", "1", "-W", "60", .. options, to.ToString()]);
        Assert.True(ping.Succeeded, $"ping {string.Join(' ', options)} from {from}: {ping.Output}{ping.Error}");
    }
}
