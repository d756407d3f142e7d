

using Overlay.Terminal;

namespace Overlay.Lab;

/// <summary>A step of the lab that did not work: one line that names the cause, and perhaps the end of a log.</summary>
public sealed class LabException : OperatorException
{
    /// <summary>Describes one failed step.</summary>
    /// <param name="message">One line.</param>
    /// <param name="evidence">What to show below it, such as the last lines of a daemon's log; null when there is
    /// nothing.</param>
    public LabException(string message, string? evidence = null)
        : base(message) => Evidence = evidence;

    /// <summary>Several lines, or null.</summary>
    public string? Evidence { get; }
}
