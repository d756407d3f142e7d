using System.CommandLine;
using Overlay.Terminal;

namespace Overlay.Daemon.Commands;

/// <summary>
/// A command that a program of its own has, so that what runs on a host stays small: listed here, and refused with the
/// way to it.
/// </summary>
internal static class CompanionCommand
{
    /// <summary>The command, whatever its words and options.</summary>
    /// <param name="name">As typed after <c>overlay</c>.</param>
    /// <param name="description">What it does.</param>
    internal static Command Create(string name, string description)
    {
        var command = new Command(name, $"{description} (a program of its own: ./overlay {name})")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        command.SetAction(_ =>
        {
            StandardError.WriteLine(
                $"overlay: {name} is not in this executable but in a program of its own, overlay-{name}; in a checkout "
                    + $"of the sources run: ./overlay {name}");
            return ExitCode.Usage;
        });
        return command;
    }
}
