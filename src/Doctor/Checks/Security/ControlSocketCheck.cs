using System.Collections.Generic;
using System.IO;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Security;

/// <summary>S6: whether every user of the host may ask our daemon, and change its log.</summary>
internal sealed class ControlSocketCheck : ICheck
{
    private const string Name = "overlay.sock";

    private static readonly Row s_row = new(
        "S6", "control-socket-open", HealthSeverity.Info,
        "every user of this host may ask the daemon about the overlay", "docs/cli.md, --run-dir");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.RunDirectory is not { } directory)
        {
            yield break;
        }

        string socket = Path.Combine(directory, Name);
        UnixFileMode? mode = HostFiles.ModeOfNamed(socket);
        UnixFileMode? way = HostFiles.ModeOfNamed(directory);
        if (mode is { } open && (open & UnixFileMode.OtherWrite) != 0
            && way is { } passage && (passage & UnixFileMode.OtherExecute) != 0)
        {
            yield return new Finding(
                s_row, socket, $"{socket} has the mode {System.Convert.ToString((int)open, 8)}", $"chmod 660 {socket}")
            {
                IsCommand = true,
            };
        }
    }
}
