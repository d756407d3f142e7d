using System.Collections.Generic;
using Overlay.Net;

namespace Overlay.Diagnosis.Trace;

/// <summary>What a trace has come to.</summary>
/// <param name="Source">Where the ping came from, in words. Not masked.</param>
/// <param name="From">Its source address, as it was sent; null where it was not seen.</param>
/// <param name="To">Whom it was for.</param>
/// <param name="Host">How people know this host.</param>
/// <param name="OtherHost">The underlay address of the other; null where nobody tells.</param>
/// <param name="IsOtherSeen">Whether its stops can be seen from here.</param>
/// <param name="Tour">The stops.</param>
/// <param name="Conclusion">What they mean.</param>
/// <param name="Notes">What else is to be known, a line each. Not masked.</param>
internal sealed record TraceReport(
    string Source, Ipv4Address? From, Ipv4Address To, string Host, Ipv4Address? OtherHost, bool IsOtherSeen, Tour Tour,
    TraceConclusion Conclusion, IReadOnlyList<string> Notes);
