using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Etcdserverpb;
using Overlay.Lease.Etcd.Client;

namespace Overlay.Lease.Etcd.Store;

/// <summary>
/// etcd's leases that were granted to us: which they are, which is on which key, and the end of those that are on none.
/// For one caller at a time; <see cref="Known"/> may be read by any.
/// </summary>
internal sealed class OwnGrants(EtcdClient client)
{
    /// <summary>
    /// So many that have ended are remembered: a watch may tell of writes with them, but not of one long ago.
    /// </summary>
    internal const int MostEnded = 16;

    private readonly Dictionary<string, long> _held = [];
    private readonly HashSet<long> _loose = [];
    private readonly Queue<long> _ended = [];

    private volatile ImmutableHashSet<long> _known = [];

    /// <summary>
    /// Each is known before the first write with it: a key that has one was written by us, even if no answer said so.
    /// None is forgotten before etcd has said that it has ended.
    /// </summary>
    internal ImmutableHashSet<long> Known => _known;

    /// <summary>Asks for one. It is on no key until <see cref="HoldAsync"/> says so.</summary>
    /// <param name="seconds">How long it lasts.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="EtcdException">There is none.</exception>
    internal async Task<LeaseGrantResponse> GrantAsync(long seconds, CancellationToken cancellation)
    {
        LeaseGrantResponse grant = await client.LeaseGrantAsync(
            new LeaseGrantRequest { TTL = seconds }, cancellation);
        _known = _known.Add(grant.ID);
        _loose.Add(grant.ID);
        return grant;
    }

    /// <summary>Says which one is on a key now, and ends those that are on none any longer.</summary>
    /// <remarks>
    /// Not before a write has succeeded: until then a write whose answer was lost may be done still, and without its
    /// lease our key would go. Each write is on a condition, so after one that succeeded those before it cannot be done
    /// any more.
    /// </remarks>
    /// <param name="name">The key's.</param>
    /// <param name="grant">On the key.</param>
    /// <param name="replaced">The etcd lease that was on the version that was replaced, whoever asked for it; 0 for
    /// none.</param>
    /// <param name="cancellation">Ends the wait.</param>
    internal async Task HoldAsync(string name, long grant, long replaced, CancellationToken cancellation)
    {
        LetGo(name, replaced);
        _held[name] = grant;
        _loose.Remove(grant);
        foreach (long loose in _loose.ToArray())
        {
            await RevokeAsync(loose, cancellation);
        }
    }

    /// <summary>Says that a key is gone, and ends what was on it.</summary>
    /// <param name="name">The key's.</param>
    /// <param name="grant">The etcd lease that was on it, whoever asked for it; 0 for none.</param>
    /// <param name="cancellation">Ends the wait.</param>
    internal async Task EndAsync(string name, long grant, CancellationToken cancellation)
    {
        foreach (long ended in LetGo(name, grant))
        {
            await RevokeAsync(ended, cancellation);
        }
    }

    /// <summary>
    /// Says that a key is not to be ours any longer: what is on it ends after the next write that succeeds.
    /// </summary>
    /// <param name="name">The key's.</param>
    /// <param name="grant">The etcd lease on it, whoever asked for it; 0 for none.</param>
    /// <returns>Those of ours that were on it.</returns>
    internal IReadOnlyList<long> LetGo(string name, long grant)
    {
        List<long> free = [];
        if (_held.Remove(name, out long held))
        {
            free.Add(held);
        }

        // Only what was granted to us: there may be keys of others on any other.
        if (grant != held && _known.Contains(grant))
        {
            free.Add(grant);
        }

        _loose.UnionWith(free);
        return free;
    }

    /// <summary>Ends one. What etcd does not confirm is tried again after the next write that succeeds.</summary>
    /// <returns>Whether it has ended for certain.</returns>
    internal async Task<bool> RevokeAsync(long grant, CancellationToken cancellation)
    {
        try
        {
            await client.LeaseRevokeAsync(grant, cancellation);
        }
        catch (EtcdException problem) when (problem.IsLeaseNotFound)
        {
        }
        catch (EtcdException)
        {
            _loose.Add(grant);
            return false;
        }

        _loose.Remove(grant);
        _ended.Enqueue(grant);
        if (_ended.Count > MostEnded)
        {
            _known = _known.Remove(_ended.Dequeue());
        }

        return true;
    }
}
