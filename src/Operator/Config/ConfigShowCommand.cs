using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using Overlay.Lease;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Operator.Config;

/// <summary><c>overlay config show</c>: the store's config as it is stored and as it is understood.</summary>
internal static class ConfigShowCommand
{
    internal static Command Create(LeaseStoreOptions store, IBackendRules rules)
    {
        var json = new Option<bool>("--json") { Description = "print one JSON object" };
        var command = new Command("show", "Show the store's config as it is stored, and with its defaults.") { json };
        store.RequireFor(command);
        command.SetAction((parsed, cancellation) => store.AdministerAsync(parsed, async administration =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            string text = await StoredConfig.ReadTextAsync(administration, cancellation);
            IReadOnlyList<LeaseEntry> entries = await administration.ListAsync(config: null, cancellation);
            var verdict = ConfigVerdict.On(text, rules);
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            ConfigReport report = ConfigReport.Of(administration.Description, verdict, entries, now, rules) with
            {
                Stored = text,
            };
            if (parsed.GetValue(json))
            {
                await output.WriteLineAsync(report.ToJson());
                return ExitCode.Success;
            }

            foreach (string line in text.TrimEnd().Split('\n').Select(
                line => line.TrimEnd('\r').Replace("\t", "    ", StringComparison.Ordinal)))
            {
                await output.WriteLineAsync(TerminalText.Mask(line));
            }

            if (report.Valid)
            {
                await output.WriteLineAsync();
                foreach (string line in report.Lines())
                {
                    await output.WriteLineAsync(TerminalText.Mask(line));
                }
            }
            else
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync(
                    TerminalText.Mask(
                        $"overlay: warning: this config is not valid: {string.Join("; ", report.Problems)}"));
            }

            await ConfigCheckCommand.WarnAsync(report, parsed.InvocationConfiguration.Error);
            return ExitCode.Success;
        }));
        return command;
    }
}
