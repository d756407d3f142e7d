using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Threading.Tasks;
using Overlay.Linux;

namespace Overlay.Terminal;

/// <summary>An executable made of commands: parse, run, exit code; every refusal is one line.</summary>
/// <param name="name">What its lines begin with, and what its help is asked of: <c>overlay</c>.</param>
/// <param name="root">Makes the commands.</param>
public sealed class CommandProgram(string name, Func<Command> root)
{
    // The runtime keeps two for every assembly, and a TUN queue, a socket and a signal for each worker come on top.
    private const ulong NeededDescriptors = 256;

    /// <summary>
    /// How command lines are read: a word that begins with @ is a value like any other, a password say, and names no
    /// file. One dash and many letters are one option.
    /// </summary>
    public static ParserConfiguration Parsing { get; } = new()
    {
        ResponseFileTokenReplacer = null,
        EnablePosixBundling = false,
    };

    /// <summary>Makes the words that are parsed of those that were given; they are the same by default.</summary>
    public Func<IReadOnlyList<string>, IReadOnlyList<string>> Translate { get; init; } = words => words;

    /// <summary>What becomes of a message about the command line before it is shown: passwords go out of it, for
    /// example; nothing by default.</summary>
    public Func<string, ParseResult, string> Reword { get; init; } = (message, _) => message;

    /// <summary>Runs the command that the words name.</summary>
    /// <returns>The process's exit code.</returns>
    public Task<int> RunAsync(string[] arguments)
    {
        // Before anything else: without descriptors no further assembly can be loaded, not even to say so.
        ulong descriptors = DescriptorLimit.Raise();
        return descriptors >= NeededDescriptors
            ? RunParsedAsync(arguments)
            : Task.FromResult(Fail(
                $"the limit of open files is {descriptors}, and {name} needs {NeededDescriptors}; raise it: ulimit -n "
                    + "1024, or LimitNOFILE=1024 in its unit"));
    }

    private async Task<int> RunParsedAsync(string[] arguments)
    {
        ParseResult parsed;
        try
        {
            parsed = Parse(Translate(arguments));
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            // getcwd(2), when a relative path is made absolute.
            return Fail("the working directory is gone, so a relative path leads nowhere; cd to another and try again");
        }

        if (parsed.Errors.Count > 0)
        {
            return Refuse(parsed);
        }

        try
        {
            // Signals are each command's own affair: the daemon stops cleanly, the demo cleans up.
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
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return Fail($"could not read or write: {problem.Message.TrimEnd('.')}");
        }
        catch (Exception problem) when (Environment.GetEnvironmentVariable("OVERLAY_TRACE") is null)
        {
            // A fault of ours. The operator gets a line to pass on; whoever mends it asks for the trace.
            return Fail(
                $"unexpected {problem.GetType().Name}: {problem.Message} "
                    + "(set OVERLAY_TRACE=1 for the trace, and report it)");
        }
    }

    // A validator that compares options gets an exception for a value that its option has refused already: that refusal
    // is the one to show, and without validators it alone is left.
    private ParseResult Parse(IReadOnlyList<string> words)
    {
        Command command = root();
        try
        {
            return command.Parse(words, Parsing);
        }
        catch (InvalidOperationException)
        {
            RemoveValidators(command);
            ParseResult parsed = command.Parse(words, Parsing);
            if (parsed.Errors.Count == 0)
            {
                throw;
            }

            return parsed;
        }
    }

    private static void RemoveValidators(Command command)
    {
        command.Validators.Clear();
        foreach (Command each in command.Subcommands)
        {
            RemoveValidators(each);
        }
    }

    private int Fail(string line)
    {
        StandardError.WriteLine($"{name}: {line}");
        return ExitCode.Failure;
    }

    private int Refuse(ParseResult parsed)
    {
        string help = $"{PathOf(parsed.CommandResult)} --help";
        string problem = parsed.CommandResult.Command.Subcommands.Count > 0
            && parsed.UnmatchedTokens is [string word, ..]
            && !word.StartsWith('-')
                ? $"'{word}' is not a command"
                : parsed.Errors[0].Message.TrimEnd('.', '\r', '\n');
        StandardError.WriteLine($"{name}: {Reword(problem, parsed)} (see {help})");
        return ExitCode.Usage;
    }

    private string PathOf(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{PathOf(parent)} {command.Command.Name}" : name;
}
