using System.Collections.Generic;
using Overlay.Control;

namespace Overlay.Operator.Top;

/// <summary>What has happened between two looks.</summary>
/// <param name="Status">The later look.</param>
/// <param name="Peers">In the order of the status.</param>
/// <param name="Drops">Packets a second by reason, the most first; only what is not zero.</param>
/// <param name="Processors">How many processors the daemon has kept busy: 0.5 is half of one.</param>
internal sealed record TopSample(
    StatusReport Status, IReadOnlyList<PeerRate> Peers, IReadOnlyList<KeyValuePair<string, double>> Drops,
    double Processors);
