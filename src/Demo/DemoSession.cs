using System;
using System.IO;
using Overlay.Lab;
using Overlay.Linux;
using Overlay.Terminal;

namespace Overlay.Demo;

/// <summary>One run of the demo, from the checks to the clean-up.</summary>
internal static class DemoSession
{
    internal const string Prefix = "overlay-demo";
    internal const string LabDirectory = "/run/overlay-demo";

    private const string KeptMark = LabDirectory + "/kept";

    /// <summary>Runs the demo.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="output">Standard output: the steps, or one JSON object.</param>
    /// <param name="error">Standard error.</param>
    /// <returns>0 when everything came out as it must, 1 when not, 130 after Ctrl-C.</returns>
    internal static int Run(DemoOptions options, TextWriter output, TextWriter error)
    {
        using var stop = new StopRequest();
        var results = new DemoResults { Backend = options.Backend };
        var text = DemoText.For(options.Json ? TextWriter.Null : output);
        var problems = new DemoText(error, unicode: false, colour: false);
        string? failure = null;
        try
        {
            LabPrerequisites.Check();
            if (options.Store == LabStore.Etcd)
            {
                _ = LabEtcd.FindProgram();
            }

            var ip = new IpCommand(options.Verbose ? command => problems.Line($"+ {command}") : null);
            using LabLock held = Lock();
            failure = RunLocked(options, results, ip, text, problems, stop);
        }
        catch (OperatorException problem)
        {
            failure = Report(problems, problem);
        }

        var report = DemoReport.From(results, failure);
        if (options.Json)
        {
            output.WriteLine(report.ToJson()); // a report that cannot be written is a failure: the program says so
            output.Flush();
        }
        else if (failure is null && !report.Ok)
        {
            problems.Line($"overlay demo: {report.Error}");
        }

        return stop.ExitCode ?? (report.Ok ? 0 : 1);
    }

    /// <summary>Removes whatever a demo has left.</summary>
    /// <returns>0 when nothing is left, 1 otherwise.</returns>
    internal static int Down(TextWriter output, TextWriter error)
    {
        using var stop = new StopRequest();
        var problems = new DemoText(error, unicode: false, colour: false);
        try
        {
            LabPrerequisites.CheckRoot();
            var ip = new IpCommand();
            var remnants = new LabRemnants(Prefix, LabDirectory, ip);
            if (remnants.Find().Count == 0)
            {
                output.WriteLine("nothing to remove");
                return 0;
            }

            using LabLock held = Lock();
            Remnants before = remnants.Remove();
            output.WriteLine($"removed {Describe(before)}, {LabDirectory}");
            Remnants after = remnants.Find();
            return after.Count == 0 ? 0 : throw new LabException($"could not remove {Describe(after)}");
        }
        catch (OperatorException problem)
        {
            problems.Line($"overlay demo down: {problem.Message}");
            return 1;
        }
    }

    /// <returns>What went wrong, in one line; null when nothing did.</returns>
    private static string? RunLocked(
        DemoOptions options, DemoResults results, IpCommand ip, DemoText text, DemoText problems, StopRequest stop)
    {
        var plan = new LabPlan(Prefix, LabDirectory, options.Hosts);
        var remnants = new LabRemnants(Prefix, LabDirectory, ip);
        Exception? failure = null;
        try
        {
            ClearStale(remnants, problems);
            using var run = new DemoRun(plan, ip, options, text, results);
            run.Run(stop.Token);
            if (options.Keep)
            {
                File.WriteAllText(KeptMark, string.Empty);
                results.KeptUp = true;
            }
            else
            {
                run.StopDaemons();
            }
        }
        catch (Exception problem)
        {
            failure = problem;
        }

        // A signal has many consequences, and is the cause of them all.
        bool interrupted = stop.ExitCode is not null;
        results.KeptUp &= !interrupted;
        if (!results.KeptUp)
        {
            _ = remnants.Remove();
        }

        results.LeftBehind = remnants.Find().Count;
        string left = results.LeftBehind == 0 ? "nothing left behind" : $"{results.LeftBehind} things left behind";
        if (interrupted)
        {
            problems.Line($"overlay demo: interrupted; {left}");
            return "interrupted";
        }

        if (results.KeptUp)
        {
            ShowTheWayIn(plan, options.Store, results, text);
            return null;
        }

        text.Step(results.LeftBehind == 0, "cleaned", left);
        return failure is null ? null : Report(problems, failure);
    }

    private static void ClearStale(LabRemnants remnants, DemoText problems)
    {
        bool kept = File.Exists(KeptMark);
        Remnants before = remnants.Clear();
        if (before.Namespaces.Count + before.Processes.Count > 0)
        {
            problems.Line(
                $"removed {(kept ? "the demo that was kept up" : "what a killed demo left behind")}: "
                    + $"{Describe(before)}");
        }
    }

    private static LabLock Lock() => LabLock.Take(LabDirectory, "another demo is running");

    private static void ShowTheWayIn(LabPlan plan, LabStore store, DemoResults results, DemoText text)
    {
        HostPlan first = plan.Hosts[0];
        text.Line(string.Empty);
        text.Line("It is still up:");
        text.Line($"  a pod       sudo ip netns exec {first.PodNamespace} ping {results.Hosts[1].PodIp}");
        text.Line(
            $"  every stop  sudo ip netns exec {first.HostNamespace} ./overlay trace {results.Hosts[1].PodIp} "
                + $"--run-dir {first.RunDirectory}");
        text.Line($"  a host      sudo ip netns exec {first.HostNamespace} ip route");
        text.Line($"  a log       {first.LogFile}");
        text.Line($"  counters    sudo ./overlay counters --run-dir {first.RunDirectory}");
        text.Line(store == LabStore.Etcd
            ? $"  leases      sudo ip netns exec {first.HostNamespace} ./overlay lease list --etcd-endpoints "
            + $"{results.Etcd?.Endpoint}"
            : $"  leases      ls {plan.LeaseDirectory}/subnets");
        text.Line("  remove it   sudo ./overlay demo down");
    }

    private static string Describe(Remnants remnants) =>
        $"{remnants.Namespaces.Count} namespaces, {remnants.Processes.Count} processes";

    private static string Report(DemoText problems, Exception problem)
    {
        (string message, string? evidence) = problem switch
        {
            LabException refused => (refused.Message, refused.Evidence),
            OperatorException refused => (refused.Message, null),
            LinuxException or IOException or UnauthorizedAccessException => (problem.Message, null),
            // A fault of ours: where it happened is all there is to go by.
            _ => ($"{problem.GetType().Name}: {problem.Message}", problem.StackTrace),
        };
        problems.Line($"overlay demo: {message}");
        foreach (string line in (evidence ?? string.Empty).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            problems.Line($"  | {line}");
        }

        return message;
    }
}
