using System.IO;
using System.Linq;
using System.Text.Json;
using Overlay.Lab.Faults;
using Overlay.Terminal;

namespace Overlay.Demo;

/// <summary><c>overlay demo --break list</c>: every fault that there is.</summary>
internal static class FaultList
{
    /// <summary>What is given in place of a fault's name.</summary>
    internal const string Word = "list";

    /// <summary>Prints a line each, or one JSON array.</summary>
    /// <returns>The exit code: 0.</returns>
    internal static int Print(bool json, TextWriter output)
    {
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(
                [.. LabFaults.All.Select(fault => new FaultReport(
                    fault.Name, fault.Row, fault.What, [.. fault.Needs], fault.IsWithoutDaemon,
                    [.. fault.Backends]))],
                DemoJson.Readable.FaultReportArray));
        }
        else
        {
            int width = LabFaults.All.Max(fault => fault.Name.Length);
            foreach (LabFault fault in LabFaults.All)
            {
                string of = fault.IsOfEveryBackend ? "" : $" (backend {string.Join(" or ", fault.Backends)})";
                output.WriteLine($"{fault.Name.PadRight(width)}  {fault.What}{of}");
            }
        }

        return ExitCode.Success;
    }
}

/// <summary>One fault.</summary>
/// <param name="Name">What <c>--break</c> takes.</param>
/// <param name="Row">What the doctor has to find: an id of docs/doctor.md.</param>
/// <param name="What">What is done to the host.</param>
/// <param name="Needs">Programs that have to be installed.</param>
/// <param name="WithoutDaemon">Whether the host's daemon is stopped first.</param>
/// <param name="Backends">What <c>--backend</c> may be with it.</param>
internal sealed record FaultReport(
    string Name, string Row, string What, string[] Needs, bool WithoutDaemon, string[] Backends);
