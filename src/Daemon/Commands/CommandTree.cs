using System.CommandLine;
using Overlay.Daemon.Backends;
using Overlay.Operator.Config;
using Overlay.Operator.Counters;
using Overlay.Operator.Leases;

namespace Overlay.Daemon.Commands;

/// <summary>Every command of the executable.</summary>
internal static class CommandTree
{
    internal static RootCommand Create() => new(
        "A user-space overlay network, wire- and state-compatible with flannel's UDP mode.")
    {
        RunCommand.Create(),
        CountersCommand.Create(),
        LeaseCommand.Create(),
        ConfigCommand.Create(new BackendRules()),
    };
}
