using System.CommandLine;
using Overlay.Daemon.Demo;

namespace Overlay.Daemon.Cli;

/// <summary>Every command of the executable.</summary>
internal static class CommandTree
{
    internal static RootCommand Create() => new("A user-space overlay network, wire- and state-compatible with flannel's UDP mode.")
    {
        RunCommand.Create(),
        CountersCommand.Create(),
        LeaseCommand.Create(),
        ConfigCommand.Create(),
        DemoCommand.Create(),
    };
}
