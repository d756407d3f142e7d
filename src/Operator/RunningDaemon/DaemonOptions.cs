using System;
using System.CommandLine;
using Overlay.Control;
using Overlay.Terminal;

namespace Overlay.Operator.RunningDaemon;

/// <summary>What the commands have in common that ask a running daemon.</summary>
public static class DaemonOptions
{
    /// <summary>Whom to ask.</summary>
    public static Option<string> RunDirectory() => new("--run-dir")
    {
        Description = "the run directory of the daemon asked",
        HelpName = "DIR",
        DefaultValueFactory = _ => ControlProtocol.DefaultRunDirectory,
        CustomParser = OptionParser.Path("--run-dir"),
    };

    /// <summary>How to answer.</summary>
    public static Option<bool> Json() => new("--json") { Description = "print one JSON object" };

    /// <summary>An answer that this program does not understand.</summary>
    public static OperatorException OtherVersion(string directory, Exception cause) => new(
        $"the daemon at {ControlProtocol.PathIn(directory)} answers in another form than this overlay reads; use the "
            + "overlay that it was started from", cause);
}
