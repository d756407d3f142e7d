using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Overlay.Control;
using Overlay.Net;

namespace Overlay.Doctor.Facts;

/// <summary>What the checks know of this host. Each fact is asked for once, when a check first wants it.</summary>
internal sealed class HostFacts
{
    private readonly Lazy<NetworkFacts> _network;
    private readonly Lazy<SubnetFileFacts?> _subnetEnv;
    private readonly Lazy<OverlayFacts> _overlay;
    private readonly Lazy<VxlanFacts> _vxlan;
    private readonly Lazy<FirewallFacts> _firewall;
    private readonly Lazy<CounterFacts> _counters;
    private readonly Lazy<IReadOnlyList<PathFacts>> _paths;
    private readonly Lazy<IReadOnlyList<KnownPeer>> _peers;
    private readonly Lazy<IReadOnlyList<CniFacts>> _cni;
    private readonly Lazy<IReadOnlyList<UnitFacts>> _units;
    private readonly Lazy<ControlGroup?> _controlGroup;
    private readonly Lazy<PeerProbes> _probes;
    private readonly Lazy<IReadOnlyList<DaemonProcess>> _processes;

    /// <summary>Nothing is asked for yet.</summary>
    /// <param name="daemon">What the daemon of this host says; null when none answers.</param>
    /// <param name="store">What the lease store holds; null when nobody has named it.</param>
    /// <param name="subnetFile">Where subnet.env is, wherever the host's files are.</param>
    /// <param name="root">Below which the host's files are, but for the kernel's: another directory in a container that
    /// has them mounted.</param>
    /// <param name="kernel">Where /proc, /sys and /dev are.</param>
    /// <param name="network">Links, addresses and routes; null for those of the calling thread's namespace.</param>
    internal HostFacts(
        StatusReport? daemon, StoreFacts? store, string subnetFile, string root = "/", string kernel = "/",
        NetworkFacts? network = null)
    {
        (Daemon, Store, SubnetFile) = (daemon, store, subnetFile);
        AskDaemonAgain = () => Daemon;
        Files = new HostFiles(root, kernel, Notes);
        Routes = new RouteQuestions(Notes);
        _network = new(() => network ?? NetworkFacts.Read(Notes));
        _subnetEnv = new(() => Files.ReadNamed(SubnetFile) is { } text ? SubnetFileFacts.Parse(text) : null);
        _firewall = new(() => FirewallFacts.Read(Notes));
        _counters = new(() => new CounterFacts(Files, Overlay, Daemon, AskDaemonAgain));
        _paths = new(() => PathFacts.Read(PeerAddresses(), Network, Notes));
        _overlay = new(() => Given ?? OverlayFacts.Of(Daemon, SubnetEnv, Store, Network));
        _cni = new(() => CniFacts.ReadAll(Files));
        _units = new(() => UnitFacts.ReadAll(Files));
        _controlGroup = new(() => (Process ?? Processes.FirstOrDefault(IsDaemon)?.Id.ToString(
            CultureInfo.InvariantCulture)) is { } id ? new ControlGroup(Files, id) : null);
        _probes = new(AskPeers);
        _peers = new(() => KnownPeer.Of(this));
        _processes = new(() => DaemonProcess.FindAll(Files));
        _vxlan = new(() => VxlanFacts.Read(Overlay.Tunnel is { } tunnel ? Network.Find(tunnel) : null, Notes));
    }

    /// <summary>Asks the daemon once more, for what counts; <see cref="Daemon"/> unless it is given.</summary>
    internal Func<StatusReport?> AskDaemonAgain { get; init; }

    /// <summary>Whether root looks, who alone is refused nothing and sees whose a socket is.</summary>
    internal bool IsRoot { get; init; } = Environment.IsPrivilegedProcess;

    /// <summary>When this was looked at.</summary>
    internal DateTimeOffset Now { get; init; } = TimeProvider.System.GetUtcNow();

    /// <summary>What could not be looked at.</summary>
    internal FactNotes Notes { get; } = new();

    /// <summary>The host's files.</summary>
    internal HostFiles Files { get; }

    /// <summary>What our daemon on this host says of itself; null when none answers.</summary>
    internal StatusReport? Daemon { get; }

    /// <summary>What the lease store holds; null when nobody has named it.</summary>
    internal StoreFacts? Store { get; }

    /// <summary>The run directory of our daemon; null when nobody has named it.</summary>
    internal string? RunDirectory { get; init; }

    /// <summary>Where subnet.env is.</summary>
    internal string SubnetFile { get; }

    /// <summary>What subnet.env says; null when there is none.</summary>
    internal SubnetFileFacts? SubnetEnv => _subnetEnv.Value;

    /// <summary>Links, addresses and routes.</summary>
    internal NetworkFacts Network => _network.Value;

    /// <summary>What the overlay of this host is meant to be, where the caller knows.</summary>
    internal OverlayFacts? Given { get; init; }

    /// <summary>What the overlay of this host is meant to be.</summary>
    internal OverlayFacts Overlay => _overlay.Value;

    /// <summary>The other hosts of the overlay.</summary>
    internal IReadOnlyList<KnownPeer> Peers => _peers.Value;

    /// <summary>What their hosts say to a question, where the overlay's datagrams are for daemons.</summary>
    internal PeerProbes Probes
    {
        get => _probes.Value;
        init => _probes = new(value);
    }

    /// <summary>CNI's network configurations, in the order in which the first is taken.</summary>
    internal IReadOnlyList<CniFacts> Cni => _cni.Value;

    /// <summary>The units of daemons.</summary>
    internal IReadOnlyList<UnitFacts> Units => _units.Value;

    /// <summary>The process that the host's daemon is, when the caller knows: its id, or <c>self</c>.</summary>
    internal string? Process { get; init; }

    /// <summary>The daemon's control group; null where none runs.</summary>
    internal ControlGroup? ControlGroup => _controlGroup.Value;

    /// <summary>Which way the kernel sends packets, asked on the calling thread.</summary>
    internal RouteQuestions Routes { get; }

    /// <summary>Where the tunnel sends frames, where it is of vxlan.</summary>
    internal VxlanFacts Vxlan => _vxlan.Value;

    /// <summary>The programs that run here and may be this host's daemon, the doctor itself among them.</summary>
    internal IReadOnlyList<DaemonProcess> Processes => _processes.Value;

    /// <summary>The firewall's rules.</summary>
    internal FirewallFacts Firewall => _firewall.Value;

    /// <summary>Takes the first of the two looks at counters: what is asked next fills the time between.</summary>
    internal void BeginCounting() => _ = Counters.Total("");

    /// <summary>What is counted, now and a moment later.</summary>
    internal CounterFacts Counters => _counters.Value;

    /// <summary>The ways to the peers that daemon or store know.</summary>
    internal IReadOnlyList<PathFacts> Paths => _paths.Value;

    // From the address that peers know, where this host has it.
    private PeerProbes AskPeers() =>
        Overlay is { Tunnel: { } tunnel, Port: { } port } && Network.Find(tunnel) is { Kind: "tun" }
            ? PeerProbes.Ask(
                Peers.Select(peer => peer.PublicIp),
                Overlay.PublicIp is { } own && Network.HolderOf(own) is not null ? own : default, (ushort)port, Notes)
            : PeerProbes.None;

    private IEnumerable<Ipv4Address> PeerAddresses() =>
        (Daemon?.Peers ?? []).Select(peer => peer.PublicIp)
            .Concat((Store?.Entries ?? []).Where(entry => entry is { Attributes: not null, Fault: null })
                .Select(entry => entry.Attributes!.PublicIp.ToString()))
            .Select(text => Ipv4Address.TryParse(text, out Ipv4Address address) ? address : default)
            .Where(address => !address.IsUnspecified
                && Network.Addresses.All(each => each.Local.Address != address));

    // Not the doctor itself: "overlay run", or as flanneld without a verb.
    private static bool IsDaemon(DaemonProcess process) => process.Arguments is not [_, var first, ..]
        || process.Name == "flanneld" || first == "run" || first.StartsWith('-');
}
