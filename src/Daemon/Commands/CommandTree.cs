using System.CommandLine;
using Overlay.Daemon.Start;
using Overlay.Lease;
using Overlay.Operator.Config;
using Overlay.Operator.Counters;
using Overlay.Operator.Leases;
using Overlay.Terminal;

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
        ConfigCommand.Create(RefusalOfRun),
    };

    private static string? RefusalOfRun(NetworkConfig config, string source)
    {
        try
        {
            StartPlan.CheckBackend(config, source);
            return null;
        }
        catch (OperatorException problem)
        {
            return problem.Message;
        }
    }
}
