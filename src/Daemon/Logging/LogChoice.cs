using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Logging;

/// <summary>The form of a line.</summary>
internal enum LogFormat
{
    /// <summary><c>2026-01-31T12:00:00.000Z info  text</c>.</summary>
    Text,

    /// <summary>A JSON object a line.</summary>
    Json,

    /// <summary>As stock flannel's lines begin: <c>I0131 12:00:00.000000    1234 event:4] text</c>.</summary>
    Klog,
}

/// <summary>How the log is written.</summary>
/// <param name="Format">The form of its lines.</param>
/// <param name="Level">The least that is written; changed at run time by <c>overlay log-level</c>.</param>
internal sealed record LogChoice(LogFormat Format = LogFormat.Text, LogLevel Level = LogLevel.Information);
