using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Router.Forwarding;
using Overlay.Router.Routes;
using Overlay.Router.Workers;

namespace Overlay.Testing;

/// <summary>
/// A forwarder with its own threads, between in-memory TUN queues and sockets, in the network of
/// <see cref="Overlays"/>.
/// </summary>
public sealed class InMemoryForwarder : IDisposable
{
    /// <param name="layout">Which threads there are.</param>
    /// <param name="lanes">TUN queues and sockets.</param>
    /// <param name="spinMicroseconds">How long an idle worker looks again.</param>
    /// <param name="extraCopies">How often everything read is copied once more, metered; null for no meter.</param>
    public InMemoryForwarder(
        WorkerLayout layout = WorkerLayout.Pair, int lanes = 1, int spinMicroseconds = 0, int? extraCopies = null)
    {
        Routes.Publish(Overlays.Table());
        Tuns = [.. Enumerable.Range(0, lanes).Select(_ => new InMemoryTunQueue())];
        Ports = [.. Enumerable.Range(0, lanes).Select(_ => new InMemoryDatagramPort())];
        var options = new ForwarderOptions(new WorkerOptions(SourceCheck.Strict, 1472))
        {
            Layout = layout,
            SpinMicroseconds = spinMicroseconds,
            IsMetered = extraCopies is not null,
            ExtraCopies = extraCopies ?? 0,
        };
        Forwarder = new Forwarder(
            [.. Tuns.Zip(Ports, (tun, port) => new Lane(tun, port))], Routes, null, new Accelerations(), options);
    }

    /// <summary>The first lane's.</summary>
    public InMemoryTunQueue Tun => Tuns[0];

    /// <summary>The first lane's.</summary>
    public InMemoryDatagramPort Port => Ports[0];

    public IReadOnlyList<InMemoryTunQueue> Tuns { get; }

    public IReadOnlyList<InMemoryDatagramPort> Ports { get; }

    public RouteTableCell Routes { get; } = new();

    /// <summary>Not started yet.</summary>
    public Forwarder Forwarder { get; }

    public void Dispose()
    {
        Forwarder.Dispose();
        foreach (IDisposable each in Tuns.Concat<IDisposable>(Ports))
        {
            each.Dispose();
        }
    }
}
