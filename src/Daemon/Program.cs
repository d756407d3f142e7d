using System;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Threading.Tasks;
using Overlay.Daemon.Cli;
using Overlay.Lease;
using Overlay.Linux;

namespace Overlay.Daemon;

/// <summary>The executable <c>overlay</c>: parse, run, exit code.</summary>
internal static class Program
{
    // The runtime keeps two for every assembly, and a TUN queue, a socket and a signal for each worker come on top.
    private const ulong NeededDescriptors = 256;

    private static Task<int> Main(string[] arguments)
    {
        // Before anything else: without descriptors no further assembly can be loaded, not even to say so.
        ulong descriptors = DescriptorLimit.Raise();
        return descriptors >= NeededDescriptors
            ? RunAsync(arguments)
            : Task.FromResult(Fail($"the limit of open files is {descriptors}, and overlay needs "
            + $"{NeededDescriptors}; raise it: ulimit -n 1024, or LimitNOFILE=1024 in its unit"));
    }

    private static async Task<int> RunAsync(string[] arguments)
    {
        ParseResult parsed = CommandTree.Create().Parse(arguments, CommandTree.Parsing);
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
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return Fail($"could not read or write: {refused.Message.TrimEnd('.')}");
        }
        catch (Exception fault) when (Environment.GetEnvironmentVariable("OVERLAY_TRACE") is null)
        {
            // A fault of ours. The operator gets a line to pass on; whoever mends it asks for the trace.
            return Fail(
                $"unexpected {fault.GetType().Name}: {fault.Message} (set OVERLAY_TRACE=1 for the trace, and report "
                    + "it)");
        }
    }

    private static int Fail(string line)
    {
        Say(line);
        return ExitCode.Failure;
    }

    private static void Say(string line) =>
        LogOutput.Attempt(() => Console.Error.WriteLine($"overlay: {OneLine.Mask(line)}"));

    private static int Refuse(ParseResult parsed)
    {
        string help = $"{PathOf(parsed.CommandResult)} --help";
        string problem = parsed.CommandResult.Command.Subcommands.Count > 0
            && parsed.UnmatchedTokens is [var word, ..]
            && !word.StartsWith('-')
            ? $"'{word}' is not a command"
            : parsed.Errors[0].Message.TrimEnd('.', '\r', '\n');
        Say($"{LeaseStoreOptions.WithoutPassword(problem, parsed)} (see {help})");
        return ExitCode.Usage;
    }

    private static string PathOf(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{PathOf(parent)} {command.Command.Name}" : "overlay";
}
