using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Overlay.Capture.Packets;
using Overlay.Lab;

namespace Overlay.Demo;

/// <summary>Everything the demo measures, filled in as the story goes, and what it must come to.</summary>
internal sealed class DemoResults
{
    // Not the process's own start: a shell that built the program first and then became it would count too.
    private readonly long _began = Stopwatch.GetTimestamp();

    /// <summary>Since these results were begun, which is the first thing that the demo does.</summary>
    internal TimeSpan Age => Stopwatch.GetElapsedTime(_began);

    /// <summary>How packets are carried, and what that must come to.</summary>
    internal DemoBackend Backend { get; init; } = DemoBackend.Udp;

    /// <summary>The hosts and their leases.</summary>
    internal IReadOnlyList<HostReport> Hosts { get; set; } = [];

    /// <summary>The etcd that the leases are in; null when they are files, or until it is asked.</summary>
    internal EtcdReport? Etcd { get; set; }

    /// <summary>Pod 1 to every other pod.</summary>
    internal PingSeries PodPings { get; set; } = PingSeries.Empty;

    /// <summary>Pod 1 to every other host's end of the tunnel; none without a tunnel.</summary>
    internal PingSeries DevicePings { get; set; } = PingSeries.Empty;

    /// <summary>Null until measured.</summary>
    internal TcpResult? Tcp { get; set; }

    /// <summary>Null until measured.</summary>
    internal UdpResult? Udp { get; set; }

    /// <summary>A ping on the wire; null until seen.</summary>
    internal DemoWire? Wire { get; set; }

    /// <summary>Whether the host's port leads into the pod; null where no plugin made it.</summary>
    internal bool? HostPortAnswers { get; set; }

    /// <summary>Whether the plugin has forgotten its pods; null where it made none, or they were not deleted.</summary>
    internal bool? PodsReleased { get; set; }

    /// <summary>What was put into the first host in place of all measurements; null for nothing.</summary>
    internal BreakReport? Broken { get; set; }

    /// <summary>By reason, over all daemons.</summary>
    internal SortedDictionary<string, long> Drops { get; set; } = [];

    /// <summary>How the daemons stopped; null when they were not asked to.</summary>
    internal IReadOnlyList<DaemonEnd>? Ends { get; set; }

    /// <summary>Counted after the clean-up.</summary>
    internal int LeftBehind { get; set; }

    /// <summary>Left up on purpose: what is left behind is no miss.</summary>
    internal bool KeptUp { get; set; }

    /// <summary>
    /// When a daemon that has not stopped is killed. It stops within 2 s, but on a busy machine that is no verdict.
    /// </summary>
    internal static TimeSpan StopLimit { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Every daemon ended by itself, with 0.</summary>
    internal bool StoppedCleanly => Ends is { } ends && ends.All(end => end.ExitCode == 0);

    /// <summary>What did not come out as it must, a clause each; empty when all did.</summary>
    internal IReadOnlyList<string> Misses()
    {
        List<string> misses = [];
        if (Broken is { } broken)
        {
            Expect(broken.Named, $"the doctor does not name {broken.Row} of the fault {broken.Name}");
            Expect(KeptUp || LeftBehind == 0, $"{LeftBehind} things were left behind");
            return misses;
        }

        Expect(PodPings.AllAnswered, $"{PodPings.Replies.Count} of {PodPings.Sent} pings pod to pod were answered");
        Expect(PodPings.Replies.All(reply => reply.TimeToLive == Backend.ExpectedReplyTtl),
            $"a reply had ttl {PodPings.LowestTimeToLive}, not {Backend.ExpectedReplyTtl}");
        Expect(
            Backend.Device is null || DevicePings.AllAnswered,
            $"{DevicePings.Replies.Count} of {DevicePings.Sent} pings to {Backend.Device} were answered");
        bool isEncapsulated = Backend.Encapsulation != Encapsulation.None;
        Expect(Wire is not null, $"no {(isEncapsulated ? "encapsulated " : "")}ping was seen on the wire");
        Expect(Wire is null || Wire.TimeToLive == Backend.ExpectedInnerTtl,
            $"the inner ttl on the wire was {Wire?.TimeToLive}, not {Backend.ExpectedInnerTtl}");
        Expect(Wire?.UdpLength is null || Wire.UdpLength == Backend.ExpectedUdpLength,
            $"the UDP length on the wire was {Wire?.UdpLength}, not {Backend.ExpectedUdpLength}");
        Expect(Hosts.All(host => host.Mtu == Backend.ExpectedMtu), $"an MTU is not {Backend.ExpectedMtu}");
        Expect(Etcd?.Holds(Hosts, Backend) ?? true, "etcd does not hold every lease as flannel writes it");
        Expect(Tcp is { GigabitsPerSecond: > 0 }, "tcp carried nothing");
        Expect(Udp is { Received: > 0 }, "no udp packet arrived");
        Expect(HostPortAnswers != false, "the host's port does not lead to its pod");
        Expect(PodsReleased != false, "the CNI plugin has not forgotten its pods");
        Expect(KeptUp || StoppedCleanly, "a daemon did not stop cleanly");
        Expect(KeptUp || LeftBehind == 0, $"{LeftBehind} things were left behind");
        return misses;

        void Expect(bool met, string otherwise)
        {
            if (!met)
            {
                misses.Add(otherwise);
            }
        }
    }
}
