using System;
using System.Diagnostics;
using System.Threading.Tasks;
using Xunit;

namespace Overlay.Linux.Tests;

/// <summary>A program run to its end.</summary>
internal static class Command
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    /// <summary>Runs it and fails the test when it fails.</summary>
    /// <returns>What it wrote to standard output.</returns>
    internal static string Run(string program, string[] arguments, string input = "")
    {
        (int exitCode, string output, string errors) = Try(program, arguments, input);
        Assert.True(exitCode == 0, $"{program} {string.Join(' ', arguments)}: exit code {exitCode}\n{errors}");
        return output;
    }

    /// <summary>Runs it.</summary>
    internal static (
        int ExitCode, string Output, string Errors) Try(string program, string[] arguments, string input = "")
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };

        process.Start();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        if (!process.WaitForExit(s_deadline))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)}: not done after {s_deadline.TotalSeconds} s");
        }

        return (process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
    }
}
