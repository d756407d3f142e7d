using System;
using System.IO;

namespace Overlay.Lab;

/// <summary>Which executable the daemons of a lab are started from.</summary>
public static class DaemonProgram
{
    /// <summary>The environment variable that names it: another build, for example, to compare the two.</summary>
    public const string Variable = "OVERLAY_DAEMON";

    private const string Name = "overlay";

    /// <summary>The one that <see cref="Variable"/> names, otherwise the one beside this program.</summary>
    /// <exception cref="LabException">There is none.</exception>
    public static string Find()
    {
        string? named = Environment.GetEnvironmentVariable(Variable);
        string path = string.IsNullOrEmpty(named)
            ? Path.Combine(AppContext.BaseDirectory, Name)
            : Path.GetFullPath(named);
        return File.Exists(path)
            ? path
            : throw new LabException(string.IsNullOrEmpty(named)
                ? $"there is no daemon at {path}; build it, or name one with {Variable}=PATH"
                : $"{Variable} is '{named}', and there is no such file; name the daemon's executable");
    }
}
