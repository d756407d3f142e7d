using System.ComponentModel;
using System.IO;
using Xunit;

namespace Overlay.Linux.Tests;

/// <summary>gcc, for tests that ask the headers of this machine.</summary>
internal static class CCompiler
{
    /// <summary>Compiles one C file, runs the program and gives what it printed.</summary>
    internal static string CompileAndRun(string source)
    {
        string folder = Directory.CreateTempSubdirectory("linux-tests-").FullName;
        try
        {
            string file = Path.Combine(folder, "program.c");
            string program = Path.Combine(folder, "program");
            File.WriteAllText(file, source);
            try
            {
                Command.Run("gcc", ["-std=gnu11", "-w", "-o", program, file]);
            }
            catch (Win32Exception)
            {
                Assert.Skip("needs gcc: apt-get install gcc");
            }

            return Command.Run(program, []);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
