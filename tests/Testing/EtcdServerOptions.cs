using System.Collections.Generic;
using System.Net;

namespace Overlay.Testing;

/// <summary>How a test wants its etcd.</summary>
public sealed record EtcdServerOptions
{
    /// <summary>Where it listens: on free ports, in a namespace on the usual ones.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The namespace it runs in; null for that of the tests.</summary>
    public string? NetworkNamespace { get; init; }

    /// <summary>Its certificate and key; null for plain TCP.</summary>
    public TestCertificate? Certificate { get; init; }

    /// <summary>The authority of client certificates it insists on; null for none.</summary>
    public string? ClientCaFile { get; init; }

    /// <summary>Further words, for example <c>--auth-token-ttl 1</c>.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];
}
