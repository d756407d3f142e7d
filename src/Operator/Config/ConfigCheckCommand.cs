using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Threading.Tasks;
using Overlay.Lease;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Operator.Config;

/// <summary><c>overlay config check</c>: how a config will be understood, or every rule it breaks.</summary>
internal static class ConfigCheckCommand
{
    internal static Command Create(LeaseStoreOptions store, IBackendRules rules)
    {
        var file = new Argument<string?>("FILE")
        {
            Description = "a config, - for standard input [default: the store's own]",
            Arity = ArgumentArity.ZeroOrOne,
            DefaultValueFactory = _ => null, // or the parser would be asked about nothing
            CustomParser = ConfigCommand.FileName,
        };
        var json = new Option<bool>("--json") { Description = "print one JSON object" };
        var command = new Command(
            "check", "Say how a config will be understood, or every rule it breaks (exit code 1).") { file, json };
        command.Validators.Add(result =>
        {
            if (result.GetResult(file) is not { Tokens.Count: > 0 } && !store.IsGiven(result))
            {
                result.AddError("there is nothing to check; give FILE, or --lease-store file:DIR or etcd");
            }
            else if (store.IsGiven(result) && store.Contradiction(result) is { } problem)
            {
                result.AddError(problem);
            }
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            string? path = parsed.GetValue(file);
            string? text = path is null ? null : await ConfigCommand.ReadAsync(path, cancellation);
            string source = path is null ? "" : ConfigCommand.NameOf(path);
            IReadOnlyList<LeaseEntry> entries = [];
            if (store.IsGiven(parsed.CommandResult))
            {
                await store.AdministerAsync(parsed, async administration =>
                {
                    source = text is null ? administration.Description : source;
                    text ??= await StoredConfig.ReadTextAsync(administration, cancellation);
                    entries = await administration.ListAsync(config: null, cancellation);
                    return ExitCode.Success;
                });
            }

            var report = ConfigReport.Of(
                source, ConfigVerdict.On(text ?? "", rules), entries, TimeProvider.System.GetUtcNow(), rules);
            return await PrintAsync(report, parsed, parsed.GetValue(json));
        });
        return command;
    }

    private static async Task<int> PrintAsync(ConfigReport report, ParseResult parsed, bool json)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (json)
        {
            await output.WriteLineAsync(report.ToJson());
            return report.Valid ? ExitCode.Success : ExitCode.Failure;
        }

        await WarnAsync(report, parsed.InvocationConfiguration.Error);
        if (!report.Valid)
        {
            throw new OperatorException($"{report.Source} is not valid: {string.Join("; ", report.Problems)}");
        }

        foreach (string line in report.Lines())
        {
            await output.WriteLineAsync(TerminalText.Mask(line));
        }

        return ExitCode.Success;
    }

    /// <summary>Prints the warnings, a line each.</summary>
    internal static async Task WarnAsync(ConfigReport report, TextWriter error)
    {
        foreach (string warning in report.Warnings)
        {
            await error.WriteLineAsync(TerminalText.Mask($"overlay: warning: {warning}"));
        }
    }
}
