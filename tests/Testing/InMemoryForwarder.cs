using System;
using Overlay.Router.Forwarding;
using Overlay.Router.Routes;

namespace Overlay.Testing;

/// <summary>A forwarder with its own threads, between an in-memory TUN and an in-memory socket, in the network of <see cref="Overlays"/>.</summary>
public sealed class InMemoryForwarder : IDisposable
{
    public InMemoryForwarder(WorkerLayout layout = WorkerLayout.Pair)
    {
        Routes.Publish(Overlays.Table());
        Forwarder = new Forwarder(
            [new Lane(Tun, Port)], Routes, null, new Accelerations(), new ForwarderOptions(SourceCheck.Strict, 1472) { Layout = layout });
    }

    public InMemoryTunQueue Tun { get; } = new();

    public InMemoryDatagramPort Port { get; } = new();

    public RouteTableCell Routes { get; } = new();

    /// <summary>Not started yet.</summary>
    public Forwarder Forwarder { get; }

    public void Dispose()
    {
        Forwarder.Dispose();
        Tun.Dispose();
        Port.Dispose();
    }
}
