using System;
using Overlay.Control;
using Overlay.Daemon.Backends;

namespace Overlay.Daemon.Status;

/// <summary>What a daemon that forwards can be asked.</summary>
/// <param name="Status">Its peers, its lease, its warnings.</param>
/// <param name="Metrics">The same as metrics.</param>
/// <param name="Counters">What was forwarded and dropped.</param>
/// <param name="Summary">All in one line.</param>
/// <param name="Capture">Where its packets can be captured.</param>
internal sealed record DaemonAnswers(
    StatusSource Status, Func<string> Metrics, Func<CountersReport> Counters, Func<string> Summary,
    CaptureSources? Capture = null);
