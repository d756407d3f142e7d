using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Daemon.Commands;
using Overlay.Lab;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Daemon.Tests.Cli;

/// <summary>A lease directory of one test, and the command line that works on it.</summary>
public abstract class CliStore : IDisposable
{
    private protected const string Config = """{"Network":"10.244.0.0/16"}""";

    private protected CliStore()
    {
        File.WriteAllText(ConfigPath, Config);
        Directory.CreateDirectory(Subnets);
    }

    private protected string Root { get; } = Directory.CreateTempSubdirectory("overlay-cli-").FullName;

    private protected string ConfigPath => Path.Combine(Root, "config");

    private protected string Store => $"file:{Root}";

    private protected string Subnets => Path.Combine(Root, "subnets");

    /// <summary>The real executable: the build puts it beside the tests, for they reference it.</summary>
    private protected static string Executable { get; } = Path.Combine(AppContext.BaseDirectory, "overlay");

    public void Dispose()
    {
        Directory.Delete(Root, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Writes a lease that lasts for so long, and half a minute, which leaves room for a slow test.</summary>
    private protected string PutLease(string name, string publicIp, TimeSpan lasts) =>
        PutText(name, $$"""{"PublicIP":"{{publicIp}}","PublicIPv6":null}""", lasts);

    private protected string PutText(string name, string text, TimeSpan lasts)
    {
        string path = Path.Combine(Root, $"{Guid.NewGuid():N}");
        File.WriteAllText(path, text);
        File.SetLastWriteTimeUtc(
            path,
            (TimeProvider.System.GetUtcNow() + lasts - TimeSpan.FromHours(24) + TimeSpan.FromSeconds(30)).UtcDateTime);
        File.Move(path, Path.Combine(Subnets, name), overwrite: true);
        return Path.Combine(Subnets, name);
    }

    /// <summary>Runs the command tree as the program does, with this store.</summary>
    private protected Task<CommandResult> Run(string words) => RunWords([.. words.Split(' '), "--lease-store", Store]);

    private protected static async Task<CommandResult> RunWords(IReadOnlyList<string> words)
    {
        ParseResult parsed = CommandTree.Create().Parse(words);
        if (parsed.Errors.Count > 0)
        {
            return new CommandResult(ExitCode.Usage, "", parsed.Errors[0].Message);
        }

        using StringWriter output = new();
        using StringWriter error = new();
        int exitCode;
        try
        {
            exitCode = await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = output,
                    Error = error,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                },
                TestContext.Current.CancellationToken);
        }
        catch (OperatorException problem)
        {
            exitCode = ExitCode.Failure;
            await error.WriteLineAsync(problem.Message);
        }

        return new CommandResult(exitCode, output.ToString(), error.ToString());
    }

    private protected static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>One line, with these words in it, and nothing on standard output.</summary>
    private protected static void IsRefused(CommandResult result, int exitCode, params string[] words)
    {
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Empty(result.Output);
        string line = Assert.Single(Lines(result.Error));
        Assert.All(words, word => Assert.Contains(word, line, StringComparison.Ordinal));
    }

    /// <summary>Starts the real executable with its standard output in a pipe.</summary>
    private protected static Process Start(params string[] words)
    {
        ProcessStartInfo start =
            new(words[0]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (string word in words.Skip(1))
        {
            start.ArgumentList.Add(word);
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"{words[0]} did not start");
    }
}
