using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Start;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Terminal;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>
/// The own subnet as this host shows it: the tunnel's address and route, and subnet.env. One change at a time, whoever
/// asks.
/// </summary>
/// <param name="netlink">Of the tunnel's namespace; nobody else uses it from now on.</param>
/// <param name="subnetFile">Where subnet.env goes.</param>
/// <param name="plan">Network and MTU.</param>
/// <param name="subnet">The one held at first.</param>
/// <param name="log">Gets a line for each thing that is done later than the start.</param>
internal sealed class HostSubnet(
    RouteNetlink netlink, string subnetFile, StartPlan plan, Ipv4Prefix subnet, ILogger log)
{
    private readonly Lock _changing = new();
    private readonly List<Ipv4Prefix> _former = []; // their addresses have still to go

    private Ipv4Prefix _subnet = subnet;
    private bool _isPublished;    // the file is this daemon's
    private bool _fileIsOutdated; // it names a former subnet: it could not be written
    private int _index;
    private string? _linkTrouble; // said already

    /// <summary>Gives the tunnel its address, MTU and route, and brings it up.</summary>
    /// <exception cref="LinuxException">The kernel refused one of the steps.</exception>
    /// <exception cref="OperatorException">The network's route exists and leads elsewhere.</exception>
    internal void Configure()
    {
        lock (_changing)
        {
            _index = TunnelLink.Configure(netlink, plan.Config.Network, _subnet, plan.TunnelMtu);
        }
    }

    /// <summary>Writes subnet.env: from now on the host counts as ready.</summary>
    /// <returns>The subnet held now.</returns>
    /// <exception cref="OperatorException">It cannot be written.</exception>
    internal Ipv4Prefix Publish()
    {
        lock (_changing)
        {
            if (TryWriteFile() is { } refusal)
            {
                throw new OperatorException(
                    $"could not write {subnetFile}: {refusal}; choose another with --subnet-file");
            }

            _isPublished = true;
            return _subnet;
        }
    }

    /// <summary>Goes over to another subnet. What is refused now is tried again by <see cref="Repair"/>.</summary>
    internal void MoveTo(Ipv4Prefix next)
    {
        lock (_changing)
        {
            Ipv4Prefix before = _subnet;
            _subnet = next;
            _former.Add(before);
            _ = _former.Remove(next);
            RepairLink();
            if (!_isPublished)
            {
                return;
            }

            if (TryWriteFile() is { } refusal)
            {
                _fileIsOutdated = true;
                Log.SubnetFileNotWritten(log, before.ToString(), next.ToString(), subnetFile, refusal);
            }
            else
            {
                Log.Moved(log, before.ToString(), next.ToString(), subnetFile);
            }
        }
    }

    /// <summary>Puts back what others have taken from the tunnel, and does what could not be done before.</summary>
    internal void Repair()
    {
        lock (_changing)
        {
            RepairLink();
            if (_fileIsOutdated && TryWriteFile() is null)
            {
                _fileIsOutdated = false;
                Log.SubnetFileWritten(log, subnetFile, _subnet.ToString());
            }
        }
    }

    private void RepairLink()
    {
        try
        {
            // Deleted: the forwarder notices by itself. Down: somebody wants it so. Another one of the same name is not
            // ours.
            Link? link = TunnelLink.Find(netlink, _index);
            SayTrouble(link);
            if (link is not { IsUp: true })
            {
                return;
            }

            IReadOnlyList<string> missing = TunnelLink.PutBack(
                netlink, link, plan.Config.Network, _subnet, plan.TunnelMtu);
            foreach (string what in _former.Count > 0 ? [] : missing)
            {
                Log.PutBack(log, what, link.Name);
            }

            // After the new one is there: at no moment is the interface without an address.
            _former.ForEach(former => TunnelLink.RemoveAddress(netlink, link, former));
            _former.Clear();
        }
        catch (Exception refused) when (refused is LinuxException or OperatorException)
        {
            Log.RepairFailed(log, TunnelLink.Name, refused.Message);
        }
    }

    // Each kind of trouble is said when it begins.
    private void SayTrouble(Link? link)
    {
        string? before = _linkTrouble;
        _linkTrouble = link switch
        {
            null => "gone",
            { IsUp: false } => "down",
            { Name: not TunnelLink.Name } => link.Name,
            _ => null,
        };
        if (_linkTrouble is null || _linkTrouble == before)
        {
            return;
        }

        if (link is null)
        {
            Log.LinkGone(log, TunnelLink.Name, netlink.FindLink(TunnelLink.Name) is null
                ? "restart overlay to have it made anew"
                : $"the {TunnelLink.Name} that is here now is another device: remove it (ip link del "
                + $"{TunnelLink.Name}), then restart overlay");
        }
        else if (!link.IsUp)
        {
            Log.LinkDown(log, link.Name);
        }
        else
        {
            Log.LinkRenamed(log, TunnelLink.Name, link.Name);
        }
    }

    /// <returns>Why it was refused; null when it was written.</returns>
    private string? TryWriteFile()
    {
        try
        {
            SubnetEnvFile.Write(subnetFile, plan.Config.Network, _subnet, plan.TunnelMtu, ipMasquerade: false);
            return null;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return refused.Message.TrimEnd('.');
        }
    }
}
