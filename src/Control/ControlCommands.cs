namespace Overlay.Control;

/// <summary>What a daemon can be asked.</summary>
public static class ControlCommands
{
    /// <summary>A <see cref="CountersReport"/> as JSON.</summary>
    public const string Counters = "counters";

    /// <summary>A <see cref="StatusReport"/> as JSON.</summary>
    public const string Status = "status";

    /// <summary>A <see cref="RouteReport"/> as JSON, of the address that is the argument.</summary>
    public const string Route = "route";

    /// <summary>Lines of JSON, the latest of the log; with the argument <c>follow</c> those to come as well.</summary>
    public const string Events = "events";

    /// <summary>The log's level; with an argument, it is that from now on.</summary>
    public const string LogLevel = "log-level";

    /// <summary>All metrics in the text format of Prometheus.</summary>
    public const string Metrics = "metrics";

    /// <summary>Pieces of a capture (<see cref="CapturePart"/>) until the client goes; the argument is a
    /// <see cref="CaptureRequest"/>.</summary>
    public const string Capture = "capture";

    /// <summary>Ends the capture that is running: who has asked for it gets the rest and the last summary.</summary>
    public const string EndCapture = "end-capture";
}
