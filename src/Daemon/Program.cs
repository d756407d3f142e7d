using System;
using System.CommandLine;
using System.Threading.Tasks;
using Overlay.Daemon.Commands;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Daemon;

/// <summary>The executable <c>overlay</c>.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments)
    {
        FlanneldCommandLine? line = null;
        var commands = new Lazy<RootCommand>(CommandTree.Create);
        return new CommandProgram("overlay", () => commands.Value)
        {
            Translate = words =>
            {
                line = FlanneldCommandLine.Read(
                    commands.Value, ProcessStart.Name(), words, ProcessStart.Environment());
                return line.Words;
            },
            Reword = (message, parsed) =>
            {
                string redacted = LeaseStoreOptions.WithoutPassword(message, parsed);
                return line?.Explain(redacted) ?? redacted;
            },
        }.RunAsync(arguments);
    }
}
