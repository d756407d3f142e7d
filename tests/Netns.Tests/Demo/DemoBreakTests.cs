using System;
using System.Linq;
using System.Text.Json;
using Overlay.Demo;
using Overlay.Lab;
using Overlay.Lab.Faults;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Demo;

/// <summary><c>overlay demo --break</c> as an operator runs it.</summary>
public sealed class DemoBreakTests : LabTest
{
    private static readonly TimeSpan s_whole = TimeSpan.FromMinutes(5);

    [Fact]
    public void A_fault_is_put_in_with_its_lines_shown_and_the_doctor_names_it_and_what_to_type()
    {
        CommandResult demo = Run("--break", "r6");

        Print(demo.Output);
        Assert.True(demo.Succeeded, demo.Output + demo.Error);
        Assert.Matches(@"# ip route add ""10\.244\.\d+\.0/24"" via ""172\.16\.0\.4"" dev eth0", demo.Output);
        Assert.Matches(@"R6 +packets for a peer's pods go where another program's route leads", demo.Output);
        Assert.Matches(@"fix +ip route del 10\.244\.\d+\.0/24 via 172\.16\.0\.4 dev eth0", demo.Output);
        NothingIsLeft();
    }

    [Fact]
    public void With_json_a_fault_of_a_host_without_our_daemon_is_one_object()
    {
        CommandResult demo = Run("--break", "N3", "--json");

        Assert.True(demo.Succeeded, demo.Output + demo.Error);
        using var parsed = JsonDocument.Parse(demo.Output);
        JsonElement broken = parsed.RootElement.GetProperty("break");
        Assert.Equal(("N3", "N3", true), (
            broken.GetProperty("name").GetString(), broken.GetProperty("row").GetString(),
            broken.GetProperty("named").GetBoolean()));
        Assert.Contains("N3", broken.GetProperty("found").EnumerateArray().Select(id => id.GetString()));
        Assert.NotEmpty(broken.GetProperty("lines").EnumerateArray());
        NothingIsLeft();
    }

    [Fact]
    public void The_list_has_every_fault_and_needs_no_lab()
    {
        using var demo = RunningProgram.Start([RunningProgram.DemoPath, "demo", "--break", "list", "--json"]);
        CommandResult list = demo.WaitForExit(s_whole);

        using var parsed = JsonDocument.Parse(list.Output);
        Assert.Equal(
            LabFaults.All.Select(fault => (fault.Name, fault.What)),
            parsed.RootElement.EnumerateArray().Select(
                fault => (fault.GetProperty("name").GetString()!, fault.GetProperty("what").GetString()!)));
    }

    [Theory]
    [InlineData]
    [InlineData("--etcd")]
    [InlineData("--backend", "host-gw")]
    public void A_fault_that_there_is_not_is_refused_with_the_way_to_the_list(params string[] more)
    {
        using var demo = RunningProgram.Start([RunningProgram.DemoPath, "demo", "--break", "X9", .. more]);
        CommandResult refused = demo.WaitForExit(s_whole);

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(
            "--break is 'X9'; give a fault's name: --break list prints them", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fault_of_another_backend_is_refused_with_those_that_it_is_for_and_the_list_says_so()
    {
        using var demo = RunningProgram.Start(
            [RunningProgram.DemoPath, "demo", "--break", "r4", "--backend", "host-gw"]);
        CommandResult refused = demo.WaitForExit(s_whole);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(
            "--break R4 is a fault of the backend udp or vxlan, and --backend is 'host-gw'; give --backend udp or "
                + "vxlan",
            Assert.Single(refused.Error.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);

        using var list = RunningProgram.Start([RunningProgram.DemoPath, "demo", "--break", "list"]);
        string[] lines = list.WaitForExit(s_whole).Output.Split('\n');
        Assert.Contains(lines, line => line.StartsWith("R4 ", StringComparison.Ordinal)
            && line.EndsWith(" (backend udp or vxlan)", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("H5 ", StringComparison.Ordinal)
            && line.EndsWith(" forwarding is off", StringComparison.Ordinal));
    }

    private static void NothingIsLeft()
    {
        Remnants left = new LabRemnants(DemoSession.Prefix, DemoSession.LabDirectory, new IpCommand()).Find();
        Assert.True(left.Count == 0, $"left behind: {left}");
    }

    // Its names are fixed: one at a time on a machine.
    private static CommandResult Run(params string[] arguments)
    {
        Prerequisites.Require();
        CommandResult? result = null;
        Assert.True(
            Eventually(
                () =>
                {
                    using var demo = RunningProgram.Start([RunningProgram.DemoPath, "demo", .. arguments]);
                    result = demo.WaitForExit(s_whole);
                    return !result.Error.Contains("another demo is running", StringComparison.Ordinal);
                },
                s_whole),
            "another demo runs all the time");
        return result!; // set by the first try
    }
}
