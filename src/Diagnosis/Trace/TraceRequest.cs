using System;
using Overlay.Net;

namespace Overlay.Diagnosis.Trace;

/// <summary>What a trace was asked for.</summary>
/// <param name="Destination">Whom to ping.</param>
/// <param name="From">The pod that pings: its address, a process in it, or its namespace's name or file;
/// <see cref="TraceSource.HostWord"/> for the host; null for the first pod there is.</param>
/// <param name="Via">The underlay address of the destination's host, where no daemon of ours tells it; null for none.
/// </param>
/// <param name="RunDirectory">Of this host's daemon.</param>
/// <param name="SubnetFile">Tells the network where no daemon does.</param>
/// <param name="Patience">How long an answer may take.</param>
internal sealed record TraceRequest(
    Ipv4Address Destination, string? From, Ipv4Address? Via, string RunDirectory, string SubnetFile, TimeSpan Patience);
