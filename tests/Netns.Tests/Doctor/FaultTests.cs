using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Overlay.Lab;
using Overlay.Lab.Faults;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Doctor;

/// <summary>What <c>overlay doctor</c> says of a host with each of the faults of the lab.</summary>
public sealed class FaultTests(FaultTests.Host host) : LabTest, IClassFixture<FaultTests.Host>
{
    public static TheoryData<string> WithDaemon => Names(isWithoutDaemon: false);

    public static TheoryData<string> WithoutDaemon => Names(isWithoutDaemon: true);

    [Theory]
    [MemberData(nameof(WithDaemon))]
    public void The_doctor_names_the_fault_of_a_host_whose_daemon_runs_and_nothing_of_it_once_it_is_mended(string name)
    {
        Share(host.WithDaemon.Lab);
        Examine(host.WithDaemon.Site, name);
    }

    [Theory]
    [MemberData(nameof(WithoutDaemon))]
    public void The_doctor_names_the_fault_of_a_host_without_a_daemon_of_ours_and_nothing_of_it_once_it_is_mended(
        string name)
    {
        Share(host.WithoutDaemon.Lab);
        Examine(host.WithoutDaemon.Site, name);
    }

    private static void Examine(FaultSite site, string name)
    {
        LabFault fault = LabFaults.Find(name)!;
        foreach (string program in fault.Needs)
        {
            Assert.SkipWhen(ChildCommand.Find(program) is null, $"needs {program}");
        }

        Assert.DoesNotContain(fault.Row, Found(site));
        site.Break(fault);
        try
        {
            // What the daemon finds out takes it a moment.
            IReadOnlyList<string> found = [];
            Await(
                () => (found = Found(site)).Contains(fault.Row),
                () => $"{fault.Row} is not among {string.Join(' ', found)}");
        }
        finally
        {
            site.Mend(fault);
        }

        IReadOnlyList<string> left = [];
        Await(
            () => !(left = Found(site)).Contains(fault.Row),
            () => $"{fault.Row} is still among {string.Join(' ', left)}");
    }

    private static IReadOnlyList<string> Found(FaultSite site)
    {
        CommandResult result = site.Examine([RunningProgram.OverlayPath], "--json");
        using var report = JsonDocument.Parse(
            result.Output.Length > 0 ? result.Output : throw new LabException(result.Reason, result.Error));
        JsonElement.ArrayEnumerator findings = report.RootElement.GetProperty("findings").EnumerateArray();
        foreach (JsonElement finding in findings)
        {
            // Nobody is told a thing without what was seen and what to do.
            Assert.All(
                (string[])["what", "why", "fix", "source", "code"],
                part => Assert.NotEqual("", finding.GetProperty(part).GetString()));
        }

        return [.. findings.Select(finding => finding.GetProperty("id").GetString()!).Distinct()];
    }

    private static TheoryData<string> Names(bool isWithoutDaemon) =>
        [.. LabFaults.All.Where(fault => fault.IsWithoutDaemon == isWithoutDaemon).Select(fault => fault.Name)];

    /// <summary>A lab of two hosts with daemons, and one whose first daemon has been stopped, each made when a test
    /// wants it.</summary>
    public sealed class Host : IDisposable
    {
        private readonly Lazy<(TestLab Lab, FaultSite Site)> _withDaemon = new(() => Make(stop: false));
        private readonly Lazy<(TestLab Lab, FaultSite Site)> _withoutDaemon = new(() => Make(stop: true));

        internal (TestLab Lab, FaultSite Site) WithDaemon => _withDaemon.Value;

        internal (TestLab Lab, FaultSite Site) WithoutDaemon => _withoutDaemon.Value;

        public void Dispose()
        {
            foreach (Lazy<(TestLab Lab, FaultSite Site)> made in
                (Lazy<(TestLab Lab, FaultSite Site)>[])[_withDaemon, _withoutDaemon])
            {
                if (made.IsValueCreated)
                {
                    made.Value.Lab.Dispose();
                }
            }
        }

        private static (TestLab Lab, FaultSite Site) Make(bool stop)
        {
            var lab = new TestLab(2);
            try
            {
                IReadOnlyList<RunningProgram> daemons = lab.BringUp(1, 2);
                if (stop)
                {
                    daemons[0].Signal("TERM");
                    Assert.Equal(0, daemons[0].WaitForExit().ExitCode);
                }

                return (lab, new FaultSite(
                    lab.Ip, lab.Plan, "flannel0", "10.244.0.0/16", lab.Subnet(1), lab.Subnet(2)));
            }
            catch
            {
                lab.Dispose();
                throw;
            }
        }
    }
}
