using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Overlay.Demo;
using Overlay.Lab;
using Overlay.Lab.Faults;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Doctor;

/// <summary>What <c>overlay doctor</c> says of a host whose daemon runs, with each of the faults of the lab.</summary>
public sealed class DaemonFaultTests(DaemonFaultTests.Host host)
    : FaultTests(host), IClassFixture<DaemonFaultTests.Host>
{
    public static TheoryData<string> All => Names("udp", isWithoutDaemon: false);

    [Theory]
    [MemberData(nameof(All))]
    public void The_doctor_names_the_fault_and_nothing_of_it_once_it_is_mended(string name) => Examine(name);

    public sealed class Host() : FaultHost("udp", isWithoutDaemon: false);
}

/// <summary>The same of a host on which stock flannel runs, or nothing.</summary>
public sealed class HostFaultTests(HostFaultTests.Host host)
    : FaultTests(host), IClassFixture<HostFaultTests.Host>
{
    public static TheoryData<string> All => Names("udp", isWithoutDaemon: true);

    [Theory]
    [MemberData(nameof(All))]
    public void The_doctor_names_the_fault_and_nothing_of_it_once_it_is_mended(string name) => Examine(name);

    public sealed class Host() : FaultHost("udp", isWithoutDaemon: true);
}

/// <summary>The same of a host whose daemon runs, with the vxlan backend.</summary>
public sealed class VxlanDaemonFaultTests(VxlanDaemonFaultTests.Host host)
    : FaultTests(host), IClassFixture<VxlanDaemonFaultTests.Host>
{
    public static TheoryData<string> All => Names("vxlan", isWithoutDaemon: false);

    [Theory]
    [MemberData(nameof(All))]
    public void The_doctor_names_the_fault_and_nothing_of_it_once_it_is_mended(string name) => Examine(name);

    public sealed class Host() : FaultHost("vxlan", isWithoutDaemon: false);
}

/// <summary>The same of a host that has been one of the vxlan backend.</summary>
public sealed class VxlanHostFaultTests(VxlanHostFaultTests.Host host)
    : FaultTests(host), IClassFixture<VxlanHostFaultTests.Host>
{
    public static TheoryData<string> All => Names("vxlan", isWithoutDaemon: true);

    [Theory]
    [MemberData(nameof(All))]
    public void The_doctor_names_the_fault_and_nothing_of_it_once_it_is_mended(string name) => Examine(name);

    public sealed class Host() : FaultHost("vxlan", isWithoutDaemon: true);
}

/// <summary>The same of a host whose daemon runs, with the host-gw backend.</summary>
public sealed class GatewayDaemonFaultTests(GatewayDaemonFaultTests.Host host)
    : FaultTests(host), IClassFixture<GatewayDaemonFaultTests.Host>
{
    public static TheoryData<string> All => Names("host-gw", isWithoutDaemon: false);

    [Theory]
    [MemberData(nameof(All))]
    public void The_doctor_names_the_fault_and_nothing_of_it_once_it_is_mended(string name) => Examine(name);

    public sealed class Host() : FaultHost("host-gw", isWithoutDaemon: false);
}

/// <summary>The same of a host that has been one of the host-gw backend.</summary>
public sealed class GatewayHostFaultTests(GatewayHostFaultTests.Host host)
    : FaultTests(host), IClassFixture<GatewayHostFaultTests.Host>
{
    public static TheoryData<string> All => Names("host-gw", isWithoutDaemon: true);

    [Theory]
    [MemberData(nameof(All))]
    public void The_doctor_names_the_fault_and_nothing_of_it_once_it_is_mended(string name) => Examine(name);

    public sealed class Host() : FaultHost("host-gw", isWithoutDaemon: true);
}

/// <summary>Puts faults into one host, one after the other.</summary>
/// <param name="host">It.</param>
public abstract class FaultTests(FaultHost host) : LabTest
{
    private const int Some = 8;

    private static readonly bool s_isAllAsked = Environment.GetEnvironmentVariable("OVERLAY_FAULTS") == "all";

    private protected void Examine(string name)
    {
        FaultSite site = host.Site;
        Share(host.Lab);
        LabFault fault = LabFaults.Find(name)!;
        foreach (string program in fault.Needs)
        {
            Assert.SkipWhen(ChildCommand.Find(program) is null, $"needs {program}");
        }

        host.Last ??= Found(site); // of the fault before, once it was mended
        Assert.DoesNotContain(fault.Row, host.Last);
        host.Last = null;
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
        host.Last = left;
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

    // On hosts of udp all of them. On the others, unless all are asked for, those that are not every backend's and some
    // of the rest: all of them take minutes.
    private protected static TheoryData<string> Names(string backend, bool isWithoutDaemon) =>
    [
        .. LabFaults.All.Where(fault => fault.IsWithoutDaemon == isWithoutDaemon && fault.Backends.Contains(backend))
            .Where((fault, index) => backend == "udp" || s_isAllAsked || !fault.IsOfEveryBackend || index % Some == 0)
            .Select(fault => fault.Name),
    ];
}

/// <summary>A lab of two hosts with daemons, the first of which may be stopped; made when a test wants it.</summary>
public abstract class FaultHost(string backend, bool isWithoutDaemon) : IDisposable
{
    private readonly Lazy<(TestLab Lab, FaultSite Site)> _made = new(() => Make(backend, isWithoutDaemon));

    internal TestLab Lab => _made.Value.Lab;

    internal FaultSite Site => _made.Value.Site;

    /// <summary>What was found when nothing was put in; null where that is not known.</summary>
    internal IReadOnlyList<string>? Last { get; set; }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        if (_made.IsValueCreated)
        {
            _made.Value.Lab.Dispose();
        }
    }

    private static (TestLab Lab, FaultSite Site) Make(string backend, bool stop)
    {
        DemoBackend shown = DemoBackend.Find(backend)!;
        var lab = new TestLab(2, shown.NetworkConfig);
        try
        {
            IReadOnlyList<RunningProgram> daemons = lab.BringUp(1, 2);
            if (stop)
            {
                daemons[0].Signal("TERM");
                Assert.Equal(0, daemons[0].WaitForExit().ExitCode);
            }

            return (lab, new FaultSite(
                lab.Ip, lab.Plan, shown.Device ?? "eth0", DemoBackend.Network, lab.Subnet(1), lab.Subnet(2)));
        }
        catch
        {
            lab.Dispose();
            throw;
        }
    }
}
