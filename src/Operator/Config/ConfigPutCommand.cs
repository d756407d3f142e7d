using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using Overlay.Lease;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Operator.Config;

/// <summary><c>overlay config put</c>: replaces the store's config by one that is valid.</summary>
internal static class ConfigPutCommand
{
    private const int LongestShown = 300;

    internal static Command Create(LeaseStoreOptions store, IBackendRules rules)
    {
        var file = new Argument<string>("FILE")
        {
            Description = "the config, - for standard input; it is written byte for byte",
            CustomParser = ConfigCommand.FileName,
        };
        var force =
            new Option<bool>("--force") { Description = "write it even though existing leases are not allowed by it" };
        var command = new Command(
            "put", "Replace the store's config, if the new one is valid. Hosts read it when they "
                + "start.") { file, force };
        store.RequireFor(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(file);
            string text = await ConfigCommand.ReadAsync(path, cancellation);
            string source = ConfigCommand.NameOf(path);
            var verdict = ConfigVerdict.On(text, rules);
            NetworkConfig config = verdict.Config
                ?? throw new OperatorException(
                    $"{source} is not valid, nothing is written: {string.Join("; ", verdict.Problems)}");
            return await store.AdministerAsync(parsed, async administration =>
            {
                TextWriter output = parsed.InvocationConfiguration.Output;
                string? before = await administration.ReadConfigTextAsync(cancellation);
                IReadOnlyList<LeaseEntry> entries = await administration.ListAsync(config, cancellation);
                DateTimeOffset now = TimeProvider.System.GetUtcNow();
                await ConfigCheckCommand.WarnAsync(
                    ConfigReport.Of(source, verdict, entries, now, rules), parsed.InvocationConfiguration.Error);
                int conflicts = ConfigConflicts.Of(config, entries, now).Count();
                if (conflicts > 0 && !parsed.GetValue(force))
                {
                    throw new OperatorException($"{conflicts} {(conflicts == 1 ? "lease is" : "leases are")} not "
                        + $"allowed by {source}, nothing is written; "
                        + "give --force to write it all the same: each of those hosts takes another subnet when it "
                        + "next starts");
                }

                if (text == before)
                {
                    await output.WriteLineAsync(
                        $"{administration.Description} has this config already; nothing is changed");
                    return ExitCode.Success;
                }

                await administration.WriteConfigTextAsync(text, before, cancellation);
                return await DoneReport.PrintAsync(
                    parsed,
                    $"old: {(before is null ? "none" : Shown(before))}",
                    $"new: {Shown(text)}",
                    $"written to {administration.Description}; hosts that run now read it when they next start");
            });
        });
        return command;
    }

    // JSON means the same whatever blanks stand between its words.
    private static string Shown(string json)
    {
        string line = TerminalText.Mask(
            string.Join(' ', json.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
        return line.Length <= LongestShown ? line : $"{line[..LongestShown]}…";
    }
}
