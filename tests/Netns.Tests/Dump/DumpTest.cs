using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Dump;

/// <summary>Runs <c>overlay dump</c> on the first host of a lab, and pings from its pod.</summary>
public abstract class DumpTest : LabTest
{
    /// <summary>An address of the overlay that no host has leased.</summary>
    private protected const string NoLease = "10.244.250.1";

    /// <summary>Where a program is; the test is skipped without it.</summary>
    private protected static string Require(string program)
    {
        string? found = ChildCommand.Find(program);
        Assert.SkipWhen(found is null, $"needs {program}: apt-get install tshark");
        return found!;
    }

    /// <summary>Starts a dump on the first host.</summary>
    private protected static RunningProgram Dump(TestLab lab, params IReadOnlyList<string> words) =>
        RunningProgram.Start(
        [
            lab.Ip.ProgramPath, "netns", "exec", lab.Host(1).HostNamespace, RunningProgram.OverlayPath, "dump",
            "--run-dir", lab.Host(1).RunDirectory,
            .. words.SelectMany(word => word.StartsWith('-') || word.StartsWith('/') ? [word] : word.Split(' ')),
        ]);

    /// <summary>Pings until it is seen: one that is lost while a capture begins is sent again.</summary>
    private protected static void PingUntil(
        TestLab lab, RunningProgram dump, IPAddress destination, Func<bool> isSeen, IPAddress? also = null)
    {
        using var pinger = new Pinger(lab.Host(1).PodNamespace);
        ushort sequence = 0;
        Await(
            () =>
            {
                _ = pinger.Ping(destination, ++sequence, TimeSpan.FromMilliseconds(50));
                if (also is not null)
                {
                    _ = pinger.Ping(also, sequence, TimeSpan.FromMilliseconds(50));
                }

                return isSeen();
            },
            () => $"{(dump.HasExited ? "ended" : "runs")} after {sequence} pings\n{dump.Tail()}");
    }

    /// <summary>Ends a dump as Ctrl-C does.</summary>
    private protected static CommandResult Stop(RunningProgram dump)
    {
        dump.Signal("INT");
        CommandResult ended = dump.WaitForExit();
        Print(ended.Output);
        Print(ended.Error);
        Assert.Equal(0, ended.ExitCode);
        return ended;
    }
}
