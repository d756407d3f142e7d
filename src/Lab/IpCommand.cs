using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;

namespace Overlay.Lab;

/// <summary>iproute2's <c>ip</c>: many commands in one process, and one line when one of them fails.</summary>
public sealed class IpCommand
{
    // "Command failed -:12" is how ip names the line of a batch that it gave up on.
    private const string FailedLineMark = "Command failed -:";

    private const string NotPermitted = "Operation not permitted";

    private readonly Action<string>? _echo;

    /// <summary>Finds <c>ip</c>; nothing is run.</summary>
    /// <param name="echo">Told every command before it runs; null for silence.</param>
    /// <exception cref="LabException"><c>ip</c> is not installed.</exception>
    public IpCommand(Action<string>? echo = null)
    {
        ProgramPath = ChildCommand.Find("ip") ?? throw new LabException("ip is missing: apt-get install iproute2");
        _echo = echo;
    }

    /// <summary>Where <c>ip</c> is.</summary>
    public string ProgramPath { get; }

    /// <summary>Runs one command.</summary>
    /// <returns>Its standard output.</returns>
    /// <exception cref="LabException">It failed.</exception>
    public string Run(params IReadOnlyList<string> arguments)
    {
        CommandResult result = TryRun(arguments);
        return result.Succeeded
            ? result.Output
            : throw new LabException($"ip {string.Join(' ', arguments)}: {result.Reason}");
    }

    /// <summary>Runs one command that may fail.</summary>
    public CommandResult TryRun(params IReadOnlyList<string> arguments)
    {
        _echo?.Invoke($"ip {string.Join(' ', arguments)}");
        return ChildCommand.Run([ProgramPath, .. arguments]);
    }

    /// <summary>Starts one command that goes on by itself, with both of its streams appended to a file.</summary>
    public Process StartLogged(IReadOnlyList<string> arguments, string logFile)
    {
        _echo?.Invoke($"ip {string.Join(' ', arguments)} >>{logFile} 2>&1");
        return ChildCommand.StartLogged([ProgramPath, .. arguments], logFile);
    }

    /// <summary>Runs several commands in one process, up to the first that fails.</summary>
    /// <param name="networkNamespace">Where they run; null for here.</param>
    /// <param name="commands">Without the word <c>ip</c>.</param>
    /// <exception cref="LabException">One failed; the message names it.</exception>
    public void Batch(string? networkNamespace, IReadOnlyList<string> commands)
    {
        CommandResult result = RunBatch(networkNamespace, commands, force: false);
        if (!result.Succeeded)
        {
            string advice = result.Error.Contains(NotPermitted, StringComparison.Ordinal)
                ? "; this takes CAP_SYS_ADMIN and CAP_NET_ADMIN: a container needs --privileged"
                : string.Empty;
            throw new LabException($"ip {FailedCommand(commands, result.Error)}: {result.Reason}{advice}");
        }
    }

    /// <summary>Runs every one of several commands, whatever fails.</summary>
    /// <param name="networkNamespace">Where they run; null for here.</param>
    /// <param name="commands">Without the word <c>ip</c>.</param>
    public void BatchRegardless(string? networkNamespace, IReadOnlyList<string> commands)
    {
        if (commands.Count > 0)
        {
            _ = RunBatch(networkNamespace, commands, force: true);
        }
    }

    /// <summary>The command that a failed batch gave up on, from what ip wrote.</summary>
    public static string FailedCommand(IReadOnlyList<string> commands, string error)
    {
        int mark = error.LastIndexOf(FailedLineMark, StringComparison.Ordinal);
        if (mark >= 0)
        {
            string digits = new([.. error[(mark + FailedLineMark.Length)..].TakeWhile(char.IsAsciiDigit)]);
            if (int.TryParse(digits, CultureInfo.InvariantCulture, out int line) && line >= 1 && line <= commands.Count)
            {
                return commands[line - 1];
            }
        }

        return "-batch";
    }

    private CommandResult RunBatch(string? networkNamespace, IReadOnlyList<string> commands, bool force)
    {
        string place = networkNamespace is null ? string.Empty : $"-n {networkNamespace} ";
        foreach (string command in commands)
        {
            _echo?.Invoke($"ip {place}{command}");
        }

        List<string> words = [ProgramPath];
        if (networkNamespace is not null)
        {
            words.AddRange(["-n", networkNamespace]);
        }

        if (force)
        {
            words.Add("-force");
        }

        words.AddRange(["-batch", "-"]);
        return ChildCommand.Run(words, string.Join('\n', commands) + "\n");
    }
}
