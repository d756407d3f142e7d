using System.CommandLine;
using Overlay.Daemon.Bench;
using Overlay.Daemon.Demo;

namespace Overlay.Daemon.Cli;

/// <summary>Every command of the executable.</summary>
internal static class CommandTree
{
    /// <summary>
    /// How its words are read: one that begins with @ is a value like any other, a password say, and names no file.
    /// </summary>
    internal static ParserConfiguration Parsing { get; } = new() { ResponseFileTokenReplacer = null };

    internal static RootCommand Create() => new(
        "A user-space overlay network, wire- and state-compatible with flannel's UDP mode.")
    {
        RunCommand.Create(),
        CountersCommand.Create(),
        LeaseCommand.Create(),
        ConfigCommand.Create(),
        DemoCommand.Create(),
        BenchCommand.Create(),
    };
}
