using System;
using Overlay.Testing;

namespace Overlay.Lease.Etcd.Tests;

/// <summary>One etcd for the tests of a class that only read and write keys of their own.</summary>
public sealed class SharedEtcd : IDisposable
{
    private EtcdServer? _server;

    /// <summary>Started by the first test that wants it, so that it can be skipped where there is none.</summary>
    internal EtcdServer Server => _server ??= EtcdServer.Start();

    public void Dispose() => _server?.Dispose();
}
