using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Terminal;
using Overlay.Testing;
using Xunit;

namespace Overlay.Daemon.Tests.Host;

public sealed class HostProgramTests
{
    private const int Runs = 50;

    [Theory]
    [InlineData("cat", 1)]
    [InlineData("true", 1 << 17)] // more than a pipe holds, and nobody reads it
    [InlineData("false", 0)]
    public async Task A_program_that_has_ended_leaves_no_pipe_open(string name, int inputLength)
    {
        var program = HostProgram.Require(name, "coreutils", TestContext.Current.CancellationToken);
        string input = new('x', inputLength);
        int before = Pipes();

        for (int run = 0; run < Runs; run++)
        {
            ProgramEnd end = program.Run(input);
            Assert.Equal(name == "cat" ? input : string.Empty, end.Output);
        }

        // Other tests of this process open pipes at the same time, and close them; one left by each run stays.
        await Eventually.IsTrue(
            () => Pipes() - before < Runs / 2,
            () => $"{before} pipes were open, and {Pipes()} are after {Runs} runs");
    }

    private static int Pipes() => Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Count(entry => Target(entry)?.StartsWith("pipe:", StringComparison.Ordinal) == true);

    // Null where it has been closed since.
    private static string? Target(string entry)
    {
        try
        {
            return new FileInfo(entry).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
