using System.CommandLine;
using Overlay.Daemon.Start;
using Overlay.Diagnosis.Decode;
using Overlay.Diagnosis.Dump;
using Overlay.Diagnosis.Ping;
using Overlay.Diagnosis.Report;
using Overlay.Diagnosis.Trace;
using Overlay.Doctor;
using Overlay.Operator.Config;
using Overlay.Operator.Counters;
using Overlay.Operator.Events;
using Overlay.Operator.Leases;
using Overlay.Operator.Logging;
using Overlay.Operator.Metrics;
using Overlay.Operator.Status;
using Overlay.Operator.Top;

namespace Overlay.Daemon.Commands;

/// <summary>Every command of the executable, and those of the programs beside it.</summary>
internal static class CommandTree
{
    internal static RootCommand Create() => new(
        "A user-space overlay network, wire- and state-compatible with flannel's UDP mode.")
    {
        RunCommand.Create(),
        StatusCommand.Create(),
        RouteCommand.Create(),
        TopCommand.Create(),
        CountersCommand.Create(),
        EventsCommand.Create(),
        LogLevelCommand.Create(),
        MetricsCommand.Create(),
        LeaseCommand.Create(),
        ConfigCommand.Create(new BackendRules()),
        DoctorCommand.Create(),
        DumpCommand.Create(),
        PingCommand.Create(),
        TraceCommand.Create(),
        DecodeCommand.Create(),
        BugReportCommand.Create(),
        CleanupCommand.Create(),
        CompanionCommand.Create("demo", "Show it: pretend hosts, a real daemon on each, pods that talk"),
        CompanionCommand.Create("bench", "Measure what user-space encapsulation costs"),
    };
}
