using System;
using System.CommandLine;
using System.IO;
using System.Threading.Tasks;

namespace Overlay.Terminal;

/// <summary>Says what a command has changed, and says so even when standard output takes nothing.</summary>
public static class DoneReport
{
    /// <summary>Prints the lines.</summary>
    /// <param name="parsed">Whose output it is.</param>
    /// <param name="lines">The last says what was done.</param>
    /// <returns><see cref="ExitCode.Success"/>.</returns>
    /// <exception cref="OperatorException">They could not be printed; the message says that it is done
    /// nevertheless.</exception>
    public static async Task<int> PrintAsync(ParseResult parsed, params string[] lines)
    {
        try
        {
            foreach (string line in lines)
            {
                await parsed.InvocationConfiguration.Output.WriteLineAsync(TerminalText.Mask(line));
            }

            return ExitCode.Success;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new OperatorException(
                $"standard output cannot be written ({problem.Message.TrimEnd('.')}), but this is done: "
                    + $"{lines[^1]}", problem);
        }
    }
}
