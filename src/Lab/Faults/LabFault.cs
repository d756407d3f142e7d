using System;
using System.Collections.Generic;

namespace Overlay.Lab.Faults;

/// <summary>
/// One fault that people meet, as shell lines for the first host of a lab. They run as root in its network namespace,
/// with the variables of <see cref="FaultSite"/>, and touch nothing outside of it and below <c>$ROOT</c>.
/// </summary>
/// <param name="Row">What the doctor has to find: an id of docs/doctor.md, <c>W1</c>.</param>
/// <param name="What">What is done to the host, for people.</param>
/// <param name="Break">Puts it in.</param>
/// <param name="Mend">Takes it out again, so that the next one can be put in.</param>
public sealed record LabFault(string Row, string What, string Break, string Mend)
{
    /// <summary>The backends of faults of the daemons' tunnel and of their UDP port.</summary>
    internal static readonly string[] OfUdp = ["udp"];

    /// <summary>Those of faults of an interface that packets leave by, encapsulated.</summary>
    internal static readonly string[] OfTunnels = ["udp", "vxlan"];

    private static readonly string[] s_backends = ["udp", "vxlan", "host-gw"];

    /// <summary>Distinguishes two faults of one row: <c>W5</c>, <c>W5-nft</c>.</summary>
    public string Name { get; init; } = Row;

    /// <summary>
    /// Shell lines that run before the doctor, in a mount namespace of its own: for what no lab can have otherwise,
    /// such as a host without a TUN device. Empty for none.
    /// </summary>
    public string View { get; init; } = "";

    /// <summary>The backends on whose hosts it is one, by their types in the network config; all of them otherwise.
    /// </summary>
    public IReadOnlyList<string> Backends { get; init; } = s_backends;

    /// <summary>Whether it is the same fault whatever the backend.</summary>
    public bool IsOfEveryBackend => Backends.Count == s_backends.Length;

    /// <summary>Whether it is one of a lease store in files.</summary>
    public bool IsOfFileStore => Break.Contains("$LEASES", StringComparison.Ordinal);

    /// <summary>Programs that have to be installed.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>
    /// Whether the host's daemon is stopped first: the fault is one of hosts on which stock flannel runs or nothing, or
    /// our daemon would take it back at once.
    /// </summary>
    public bool IsWithoutDaemon { get; init; }
}
