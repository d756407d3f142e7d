using System.Threading.Tasks;
using Overlay.Daemon.Commands;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Daemon;

/// <summary>The executable <c>overlay</c>.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments) =>
        new CommandProgram("overlay", CommandTree.Create) { Redact = LeaseStoreOptions.WithoutPassword }
            .RunAsync(arguments);
}
