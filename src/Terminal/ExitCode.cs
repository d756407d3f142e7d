namespace Overlay.Terminal;

/// <summary>How the process ends.</summary>
public static class ExitCode
{
    /// <summary>Done, or stopped by a signal in good order.</summary>
    public const int Success = 0;

    /// <summary>Could not start, or could not go on.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;
}
