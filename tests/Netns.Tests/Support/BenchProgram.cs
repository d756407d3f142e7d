using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Overlay.Bench.Variants;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>
/// A run of <c>overlay bench</c>, whose names are fixed: one at a time on a machine, which its own lock sees to.
/// </summary>
internal sealed class BenchProgram : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    private readonly RunningProgram _program;

    private BenchProgram(RunningProgram program) => _program = program;

    /// <summary>Starts it, quick and with short measurements.</summary>
    internal static BenchProgram Start(params IReadOnlyList<string> arguments)
    {
        Prerequisites.Require();
        return new BenchProgram(RunningProgram.Start([RunningProgram.BenchPath, "bench", "--quick", .. arguments]));
    }

    /// <summary>The plan of a variant's hosts.</summary>
    /// <param name="number">The variant's, from 0.</param>
    internal static LabPlan Plan(int number) =>
        new($"overlay-bench-{number}", $"{BenchLabs.Directory}/{number}", 2, hasBridge: false);

    /// <summary>
    /// Waits until a variant's second daemon has delivered so many packets: everything is built then, and traffic runs.
    /// </summary>
    internal void WaitForTraffic(int number, long packets)
    {
        HostPlan host = Plan(number).Hosts[1];
        Assert.True(Condition.Holds(() => _program.HasExited || Delivered(host) >= packets, s_patience), "no traffic");
        Assert.False(_program.HasExited, _program.Tail());
    }

    /// <summary>The end of it, which leaves nothing behind.</summary>
    internal CommandResult End()
    {
        CommandResult result = Wait();
        NothingIsLeft();
        return result;
    }

    /// <summary>The end of it, whatever it leaves.</summary>
    internal CommandResult Wait() => _program.WaitForExit(s_patience);

    /// <summary>No namespace and no file of a run is there.</summary>
    internal static void NothingIsLeft()
    {
        Assert.Empty(Enumerable.Range(0, 4).SelectMany(number => LabNamespace.OfLab($"overlay-bench-{number}")));
        Assert.False(Directory.Exists(BenchLabs.Directory), $"{BenchLabs.Directory} is left");
    }

    internal void Signal(string name) => _program.Signal(name);

    public void Dispose()
    {
        if (!_program.HasExited)
        {
            _program.Signal("TERM");
            _ = Condition.Holds(() => _program.HasExited, TimeSpan.FromSeconds(20));
        }

        _program.Dispose();
    }

    private static long Delivered(HostPlan host)
    {
        try
        {
            return ControlClient.ReadCountersAsync(
                host.RunDirectory, CancellationToken.None).GetAwaiter().GetResult().Inbound.Packets;
        }
        catch (OperatorException)
        {
            return 0; // not there yet
        }
    }
}
