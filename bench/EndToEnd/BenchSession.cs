using System;
using System.Collections.Generic;
using System.IO;
using Overlay.Bench.Counting;
using Overlay.Bench.Reports;
using Overlay.Bench.Reports.Page;
using Overlay.Bench.Results;
using Overlay.Bench.Variants;
using Overlay.Lab;
using Overlay.Linux;
using Overlay.Terminal;

namespace Overlay.Bench;

/// <summary>One run of <c>overlay bench</c>, from the checks to the clean-up.</summary>
internal sealed class BenchSession(BenchOptions options, TextWriter output, TextWriter error, TimeProvider clock)
{
    /// <summary>Runs it.</summary>
    /// <returns>0 when every figure was measured and written, 1 when not, 130 after Ctrl-C.</returns>
    internal int Run()
    {
        using var stop = new StopRequest();
        var progress = new BenchProgress(error, !Console.IsErrorRedirected, options.Plan.Steps, options.Plan.Rounds);
        try
        {
            LabPrerequisites.Check();
            if (options.Plan.Wire == Wire.Nic)
            {
                _ = WireSetting.Find();
            }

            using var page = PageFile.Open(options.HtmlFile);
            BenchReport report = Measure(stop, progress);
            progress.End();
            page?.Write(BenchHtml.Write(report));
            output.Write(Format(report)); // a report that cannot be written is a failure: the program says so
            output.Flush();
            page?.PutInPlace();
            return ExitCode.Success;
        }
        catch (Exception) when (stop.ExitCode is not null)
        {
            progress.End();
            error.WriteLine("overlay bench: interrupted; there are no figures");
            return stop.ExitCode ?? ExitCode.Failure;
        }
        catch (Exception problem) when (
            problem is OperatorException or LinuxException or IOException or UnauthorizedAccessException)
        {
            progress.End();
            throw new OperatorException($"bench: {problem.Message.TrimEnd('.')}; there are no figures", problem);
        }
    }

    /// <summary>Removes what a killed run has left.</summary>
    /// <returns>0 when nothing is left, 1 otherwise.</returns>
    internal static int Down(TextWriter output, TextWriter error)
    {
        using var stop = new StopRequest();
        LabPrerequisites.CheckRoot();
        using var labs = new BenchLabs(new IpCommand(), BenchProgress.None);
        if (!labs.IsAnythingThere())
        {
            output.WriteLine("nothing to remove");
            return ExitCode.Success;
        }

        using LabLock held = Lock();
        int found = labs.Clear();
        int left = labs.Remove();
        output.WriteLine($"removed {found} namespaces, processes and directories");
        return left == 0
            ? ExitCode.Success
            : throw new LabException($"{left} things could not be removed; look at: ip netns, {BenchLabs.Directory}");
    }

    private string Format(BenchReport report) => options.Format switch
    {
        BenchFormat.Json => BenchJson.Write(report) + "\n",
        BenchFormat.Csv => BenchCsv.Write(report),
        _ => BenchTable.Write(report, output),
    };

    private BenchReport Measure(StopRequest stop, BenchProgress progress)
    {
        DateTimeOffset began = clock.GetUtcNow();
        using LabLock held = Lock();
        using var labs = new BenchLabs(new IpCommand(), progress);
        try
        {
            if (labs.Clear() is > 0 and int stale)
            {
                error.WriteLine(
                    $"removed what a killed run left behind: {stale} namespaces, processes and directories");
            }

            IReadOnlyList<RunningVariant> paths = labs.Build(options.Plan, stop.Token);
            Func<MachineShares> shares = MachineShares.Begin(paths);
            IReadOnlyList<VariantReport> variants = new BenchRun(options.Plan, paths, progress).Run(stop.Token);
            BenchReport report = Report(MachineFacts.Read(began, options.CommandLine, shares()), variants);
            return BenchJsonCheck.Fault(report) is { } fault
                ? throw new BenchException($"the figures contradict each other: {fault}; measure again, and for longer")
                : report;
        }
        finally
        {
            if (labs.Remove() is > 0 and int left)
            {
                error.WriteLine(
                    $"overlay bench: {left} things could not be removed; look at: ip netns, {BenchLabs.Directory}");
            }
        }
    }

    private BenchReport Report(BenchEnvironment environment, IReadOnlyList<VariantReport> variants) => new()
    {
        Schema = BenchReport.CurrentSchema,
        Environment = environment,
        Method = new BenchMethod(
            options.Plan.Rounds, options.Plan.Omit.TotalSeconds, options.Plan.Duration.TotalSeconds,
            options.Plan.Wire.ToString().ToLowerInvariant(), LabPlan.WireMtu, options.Plan.IsQuick, "self"),
        Variants = [.. variants],
    };

    private static LabLock Lock() => LabLock.Take(BenchLabs.Directory, "another run is measuring");
}
