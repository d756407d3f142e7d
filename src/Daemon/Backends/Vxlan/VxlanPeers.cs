using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Backends.Vxlan;

/// <summary>
/// Has the kernel hold what the peers' leases ask for, whether a lease has changed, an entry was taken away, or the
/// device is another one: each time both are compared. One call at a time.
/// </summary>
/// <param name="netlink">Of the device's namespace; borrowed.</param>
/// <param name="directLink">
/// The interface by which a peer is reached without a gateway, null when it is not; null itself without DirectRouting.
/// </param>
/// <param name="own">What this host publishes.</param>
/// <param name="link">The underlay's: this host's address on it, and the length of its subnet.</param>
/// <param name="network">The whole overlay network.</param>
/// <param name="log">Gets a line for each peer that cannot be used, and for what was taken away.</param>
internal sealed class VxlanPeers(
    RouteNetlink netlink, Func<Ipv4Address, int?>? directLink, VtepLeaseData own, Ipv4Prefix link, Ipv4Prefix network,
    ILogger log)
{
    private readonly PeerProgrammer _programmer = new(netlink);

    private SubnetLease[] _leases = [];
    private IReadOnlyList<VxlanPeer> _peers = [];
    private IReadOnlyList<string> _faults = [];
    private int _device; // that _ours is of
    private EntrySet _ours = new();
    private string? _loggedRefusal;
    private volatile IReadOnlySet<Ipv4Address> _direct = new HashSet<Ipv4Address>();

    /// <summary>Gets the trouble that is seen, and what is put back.</summary>
    internal required HealthBoard Health { get; init; }

    /// <summary>Hosts that can be sent to. Any thread may ask.</summary>
    internal int HostCount { get; private set; }

    /// <summary>Subnets that can be sent to. Any thread may ask.</summary>
    internal int SubnetCount { get; private set; }

    /// <summary>Hosts that are not routed to by the device, which reaches them all the same.</summary>
    internal IReadOnlySet<Ipv4Address> Unrouted { get; set; } = new HashSet<Ipv4Address>();

    /// <summary>Whether a host is routed to plainly, past the device. Any thread may ask.</summary>
    internal bool IsDirect(Ipv4Address host) => _direct.Contains(host);

    /// <summary>From now on these are the peers; <see cref="Reconcile"/> puts them in force.</summary>
    /// <param name="leases">The other hosts', of this backend.</param>
    internal void Take(IEnumerable<SubnetLease> leases)
    {
        _leases = [.. leases];
        _peers = VxlanPeer.Of(_leases, own, link, out IReadOnlyList<string> faults);
        foreach (string fault in faults.Except(_faults))
        {
            Log.PeerUnusable(log, fault);
        }

        _faults = faults;
        SubnetCount = _peers.Count;
        HostCount = _peers.Select(peer => peer.PublicIp).Distinct().Count();
    }

    /// <summary>Makes what the kernel lacks, and removes what is of peers that are gone.</summary>
    /// <param name="device">The vxlan device's index; another one than before knows no peer yet.</param>
    /// <param name="name">Its name.</param>
    /// <exception cref="LinuxException">The kernel does not tell what it has.</exception>
    internal void Reconcile(int device, string name)
    {
        bool isAnother = device != _device;
        EntrySet kernel = _programmer.Read(device, network);
        EntrySet ours = isAnother ? kernel.LeftByUs(device, network) : _ours;
        PeerEntries[] wanted = [.. _peers.Select(peer => EntriesOf(peer, device))];
        _direct = wanted.Where(peer => peer.Forwarding is null).Select(peer => peer.Peer.PublicIp).ToHashSet();
        var changes = EntryChanges.Between(kernel, ours, wanted);

        List<MissingEntries> refused = Make(changes.Missing, out LinuxException? refusal);
        (int removed, LinuxException? notRemoved) = _programmer.Remove(changes.Stale);

        // What could not be removed is tried again; what could not be made is not ours yet.
        _ours = EntryChanges.OursAfter(ours, wanted, refused.Select(missing => missing.Peer).ToHashSet());
        if (notRemoved is not null)
        {
            _ours = _ours.With(changes.Stale);
        }

        _device = device;
        if (isAnother && removed > 0)
        {
            Log.LeftoversRemoved(log, name, removed);
        }
        else if (!isAnother)
        {
            LogTaken([.. changes.Missing.Except(refused)], ours, name);
        }

        LogRefusal(refused, refusal ?? notRemoved, name);
    }

    private PeerEntries EntriesOf(VxlanPeer peer, int device) => directLink?.Invoke(peer.PublicIp) is { } direct
        ? PeerEntries.Direct(peer, direct)
        : PeerEntries.Encapsulated(peer, device) with { IsRouted = !Unrouted.Contains(peer.PublicIp) };

    private List<MissingEntries> Make(IReadOnlyList<MissingEntries> all, out LinuxException? refusal)
    {
        List<MissingEntries> refused = [];
        refusal = null;
        foreach (MissingEntries missing in all)
        {
            try
            {
                _programmer.Make(missing);
            }
            catch (LinuxException problem)
            {
                refused.Add(missing);
                refusal = problem;
            }
        }

        return refused;
    }

    // What this backend had made is missing because somebody took it.
    private void LogTaken(IReadOnlyList<MissingEntries> made, EntrySet ours, string name)
    {
        List<string> taken = [];
        foreach ((PeerEntries peer, bool neighbour, bool forwarding, bool route) in made)
        {
            if (neighbour && peer.Neighbour is { } known && ours.Neighbours.Contains(known))
            {
                Health.Repairs.Add(RepairedObject.Neighbour);
                taken.Add($"neighbour {known.Address}");
            }

            if (forwarding && peer.Forwarding is { } entry && ours.Forwarding.Contains(entry))
            {
                Health.Repairs.Add(RepairedObject.Neighbour);
                taken.Add($"forwarding entry {entry.Mac}");
            }

            if (route && ours.Routes.Contains(peer.Route))
            {
                Health.Repairs.Add(RepairedObject.Route);
                taken.Add($"route {peer.Route.Destination}");
            }
        }

        if (taken.Count > 0)
        {
            Log.PutBack(log, NameList.Shorten(taken), name);
        }
    }

    // A device that goes meanwhile is made again, and said to be, by the next look.
    private void LogRefusal(List<MissingEntries> refused, LinuxException? refusal, string name)
    {
        string? line = refusal is { Errno: not Errno.ENODEV } ? refusal.Message : null;
        string[] subnetsRefused = [.. refused.Select(missing => missing.Peer.Peer.Subnet.ToString())];
        Health.ClearExcept(HealthCodes.PeerNotMade, subnetsRefused);
        foreach (string subnet in subnetsRefused.Where(_ => line is not null))
        {
            Health.Raise(HealthCodes.PeerNotMade, subnet, line!);
        }

        if (line is not null && line != _loggedRefusal)
        {
            string subnets = NameList.Shorten(subnetsRefused);
            Log.PeersNotMade(log, refused.Count > 0 ? subnets : $"leftovers of {name}", line);
        }

        _loggedRefusal = line;
    }
}
