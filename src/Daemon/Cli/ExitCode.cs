namespace Overlay.Daemon.Cli;

/// <summary>How the process ends.</summary>
internal static class ExitCode
{
    /// <summary>Done, or stopped by a signal in good order.</summary>
    internal const int Success = 0;

    /// <summary>Could not start, or could not go on.</summary>
    internal const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    internal const int Usage = 2;
}
