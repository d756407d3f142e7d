using System;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Threading.Tasks;
using Overlay.Daemon.Cli;

namespace Overlay.Daemon;

/// <summary>The executable <c>overlay</c>: parse, run, exit code.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        ParseResult parsed = CommandTree.Create().Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            return Refuse(parsed);
        }

        try
        {
            // Signals are each command's own business: the daemon stops cleanly, the demo cleans up.
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (OperatorException problem)
        {
            return Fail(problem.Message);
        }
        catch (Exception fault) when (Environment.GetEnvironmentVariable("OVERLAY_TRACE") is null)
        {
            // A fault of ours. The operator gets a line to pass on; whoever mends it asks for the trace.
            return Fail($"unexpected {fault.GetType().Name}: {fault.Message.ReplaceLineEndings(" ")} (set OVERLAY_TRACE=1 for the trace, and report it)");
        }
    }

    private static int Fail(string line)
    {
        Console.Error.WriteLine($"overlay: {line}");
        return ExitCode.Failure;
    }

    private static int Refuse(ParseResult parsed)
    {
        string name = parsed.CommandResult.Command.Name;
        string help = parsed.CommandResult.Parent is null ? "overlay --help" : $"overlay {name} --help";
        Console.Error.WriteLine($"overlay: {FirstLine(parsed.Errors[0])} (see {help})");
        return ExitCode.Usage;
    }

    private static string FirstLine(ParseError error) => error.Message.Split('\n')[0].TrimEnd('.', '\r');
}
