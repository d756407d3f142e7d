using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Testing;

/// <summary>Three members of one etcd.</summary>
public sealed class EtcdCluster : IDisposable
{
    private readonly List<EtcdServer> _members = [];

    private EtcdCluster()
    {
    }

    /// <summary>In the order of <see cref="Endpoints"/>.</summary>
    public IReadOnlyList<EtcdServer> Members => _members;

    /// <summary>Their client URLs.</summary>
    public IReadOnlyList<Uri> Endpoints => [.. _members.Select(member => member.Endpoint)];

    /// <summary>Starts it and waits until all serve.</summary>
    /// <param name="options">For each of them. In a namespace the second and the third have the two addresses after its
    /// own.</param>
    public static EtcdCluster Start(EtcdServerOptions? options = null)
    {
        // Elections within a second, on a machine that may be busy.
        options = (options ?? new EtcdServerOptions()) with
        {
            Arguments = [.. options?.Arguments ?? [], "--heartbeat-interval", "100", "--election-timeout", "1000"],
        };
        var cluster = new EtcdCluster();
        try
        {
            for (int i = 1; i <= 3; i++)
            {
                // In a namespace all have the usual ports, and so an address each.
                byte[] address = options.Address.GetAddressBytes();
                address[^1] += (byte)(options.NetworkNamespace is null ? 0 : i - 1);
                cluster._members.Add(EtcdServer.Prepare(options with { Address = new IPAddress(address) }, $"m{i}"));
            }

            (string, Uri)[] all = [.. cluster._members.Select((member, i) => ($"m{i + 1}", member.PeerUrl))];
            cluster._members.ForEach(member => member.Launch(all));
            cluster._members.ForEach(member => member.WaitUntilServing());
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    /// <summary>The member that leads just now.</summary>
    public async Task<EtcdServer> FindLeaderAsync(CancellationToken cancellation)
    {
        foreach (EtcdServer member in _members)
        {
            if (await new EtcdAdministration(member.Endpoint).IsLeaderAsync(cancellation))
            {
                return member;
            }
        }

        throw new InvalidOperationException("no member leads");
    }

    public void Dispose() => _members.ForEach(member => member.Dispose());
}
