using System;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Operator.Config;

/// <summary><c>overlay config</c>: the network config, before and after it is in a store.</summary>
public static class ConfigCommand
{
    /// <summary>Stands for standard input.</summary>
    internal const string StandardInput = "-";

    // Neither adds nor takes away a byte, a byte order mark included: what is written back is what was read.
    private static readonly UTF8Encoding s_exact = new(
        encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The command.</summary>
    /// <param name="rules">What <c>overlay run</c> makes of a config.</param>
    public static Command Create(IBackendRules rules)
    {
        LeaseStoreOptions store = new();
        var command = new Command("config", "Check, see and replace the network config.")
        {
            ConfigCheckCommand.Create(store, rules),
            ConfigShowCommand.Create(store, rules),
            ConfigPutCommand.Create(store, rules),
        };
        store.AddTo(command);
        return command;
    }

    /// <summary>Refuses what cannot be a file's name.</summary>
    internal static Func<ArgumentResult, string> FileName { get; } = OptionParser.Of(
        "FILE",
        text => string.IsNullOrWhiteSpace(text) || text.Contains('\0', StringComparison.Ordinal) ? null : text,
        "a file's name, or - for standard input");

    /// <summary>What a file is called in messages.</summary>
    internal static string NameOf(string file) => file == StandardInput ? "standard input" : file;

    /// <summary>Reads a file, or standard input for <c>-</c>.</summary>
    /// <exception cref="OperatorException">It cannot be read, or is not UTF-8.</exception>
    internal static async Task<string> ReadAsync(string file, CancellationToken cancellation)
    {
        if (file != StandardInput && Directory.Exists(file))
        {
            throw new OperatorException($"{file} is a directory; name a file");
        }

        try
        {
            await using Stream input = file == StandardInput ? Console.OpenStandardInput() : File.OpenRead(file);
            byte[] content = new byte[RegularFile.MostTextBytes + 1];
            int length = await input.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, cancellation);
            return length < content.Length
                ? s_exact.GetString(content, 0, length)
                : throw new OperatorException(
                    $"{NameOf(file)} is longer than {RegularFile.MostTextBytes} bytes, so it is no config; name "
                        + "another file");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new OperatorException($"{NameOf(file)} cannot be read: {problem.Message.TrimEnd('.')}", problem);
        }
        catch (DecoderFallbackException problem)
        {
            throw new OperatorException($"{NameOf(file)} is not UTF-8 text; save it as such", problem);
        }
    }
}
