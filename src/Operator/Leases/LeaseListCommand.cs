using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Operator.Leases;

/// <summary><c>overlay lease list</c>: every entry of the store, the bad ones with their reason.</summary>
internal static class LeaseListCommand
{
    internal static Command Create(LeaseStoreOptions store)
    {
        var json = new Option<bool>("--json") { Description = "print one JSON object" };
        var command = new Command("list", "List every lease, reservation and bad entry.") { json };
        store.RequireFor(command);
        command.SetAction((parsed, cancellation) => store.AdministerAsync(parsed, async administration =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            TextWriter error = parsed.InvocationConfiguration.Error;
            NetworkConfig? config = await ReadConfigAsync(administration, error, cancellation);
            IReadOnlyList<LeaseEntry> entries = await administration.ListAsync(config, cancellation);
            if (parsed.GetValue(json))
            {
                await output.WriteLineAsync(LeaseListReport.Of(administration.Description, config, entries).ToJson());
            }
            else if (entries.Count == 0)
            {
                await error.WriteLineAsync($"no leases in {administration.Description}");
            }
            else
            {
                foreach (string line in LeaseTable.Lines(
                    entries, TimeProvider.System.GetUtcNow(), TextTable.WidthOf(output)))
                {
                    await output.WriteLineAsync(line);
                }
            }

            return ExitCode.Success;
        }));
        return command;
    }

    // What there is can be listed without a config; only which entries count cannot be said.
    private static async Task<NetworkConfig?> ReadConfigAsync(
        ILeaseAdministration administration, TextWriter error, CancellationToken cancellation)
    {
        string? text = await administration.ReadConfigTextAsync(cancellation);
        NetworkConfigCheck? check = text is null ? null : NetworkConfigCheck.Of(text);
        if (check?.Config is null)
        {
            string reason = check is null
                ? "there is no network config"
                : $"the network config is not valid: {string.Join("; ", check.Problems)}";
            await error.WriteLineAsync(TerminalText.Mask($"overlay: {reason}; which entries count cannot be said"));
        }

        return check?.Config;
    }
}
