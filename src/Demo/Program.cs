using System.CommandLine;
using System.Threading.Tasks;
using Overlay.Terminal;

namespace Overlay.Demo;

/// <summary>The executable <c>overlay-demo</c>, which <c>./overlay demo</c> starts.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments) =>
        new CommandProgram("overlay", () => new RootCommand { DemoCommand.Create() }).RunAsync(arguments);
}
