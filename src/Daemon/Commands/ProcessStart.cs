using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Overlay.Daemon.Commands;

/// <summary>What this process was started with, beside its arguments.</summary>
internal static class ProcessStart
{
    // Its words end with a NUL each; the first is the name (proc(5)).
    private const string CommandLine = "/proc/self/cmdline";

    /// <summary>The name it was started by, without directories: that of a link to it, where there is one.</summary>
    internal static string Name() => Path.GetFileName(File.ReadAllText(CommandLine).Split('\0')[0]);

    /// <summary>Its environment.</summary>
    internal static IReadOnlyDictionary<string, string> Environment() =>
        System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(
            entry => (string)entry.Key, entry => (string?)entry.Value ?? string.Empty, StringComparer.Ordinal);
}
