using System.IO;
using Overlay.Testing;

namespace Overlay.Linux.Tests;

/// <summary>gcc, for tests that ask the headers of this machine.</summary>
internal static class CCompiler
{
    /// <summary>Compiles one C file, runs the program and gives what it printed.</summary>
    internal static string CompileAndRun(string source)
    {
        Needs.Program("gcc libc6-dev", "gcc");
        string folder = Directory.CreateTempSubdirectory("linux-tests-").FullName;
        try
        {
            string file = Path.Combine(folder, "program.c");
            string program = Path.Combine(folder, "program");
            File.WriteAllText(file, source);
            Command.Run("gcc", ["-std=gnu11", "-w", "-o", program, file]);
            return Command.Run(program, []);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
