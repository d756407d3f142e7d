using System.CommandLine;
using System.Threading.Tasks;
using Overlay.Terminal;

namespace Overlay.Bench;

/// <summary>The executable <c>overlay-bench</c>, which <c>./overlay bench</c> starts.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments) =>
        new CommandProgram("overlay", () => new RootCommand { BenchCommand.Create() }).RunAsync(arguments);
}
