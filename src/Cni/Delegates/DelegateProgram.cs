using System;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Overlay.Cni.Protocol;
using Overlay.Lease;

namespace Overlay.Cni.Delegates;

/// <summary>
/// The plugin that does the work, called as the runtime calls one (containernetworking/cni pkg/invoke): found in
/// CNI_PATH, with this process's environment and another verb, its config on standard input.
/// </summary>
/// <param name="path">Directories to look in.</param>
/// <param name="patience">So long it may take.</param>
/// <param name="error">Gets what it says on standard error.</param>
internal sealed class DelegateProgram(string[] path, TimeSpan patience, TextWriter error)
{
    private const int ExecutionBits = 0x49; // 0111: whoever may

    /// <summary>Whether there is one, and where.</summary>
    /// <param name="type">Its name.</param>
    /// <exception cref="CniException">There is none.</exception>
    internal string Find(string type)
    {
        if (type.Length == 0 || type.Contains('/') || type is "." or "..")
        {
            throw new CniException(
                CniError.InvalidConfig,
                $"invalid plugin name: '{OneLine.Shorten(type)}'; give 'type' the name of a file in CNI_PATH");
        }

        return path.Select(directory => System.IO.Path.Combine(directory, type)).FirstOrDefault(IsProgram)
            ?? throw new CniException(
                CniError.DelegateFailed,
                $"failed to find plugin \"{type}\" in path [{string.Join(' ', path)}]; install it there");
    }

    /// <summary>Calls it.</summary>
    /// <param name="verb">For example <c>ADD</c>.</param>
    /// <param name="type">Its name.</param>
    /// <param name="config">Its config.</param>
    /// <returns>What it says on standard output.</returns>
    /// <exception cref="CniException">It is missing, has failed or has not ended; its own code where it gave one.
    /// </exception>
    internal string Call(string verb, string type, string config)
    {
        string file = Find(type);
        var start = new ProcessStartInfo(file)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["CNI_COMMAND"] = verb;
        try
        {
            using Process process = Process.Start(start)!;
            return Converse(process, type, config);
        }
        catch (Win32Exception problem)
        {
            throw new CniException(CniError.DelegateFailed, $"{file} could not be started: {problem.Message}");
        }
    }

    private string Converse(Process process, string type, string config)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> said = process.StandardError.ReadToEndAsync();
        // Not waited for: one that does not read takes no more than the pipe holds.
        StreamWriter input = process.StandardInput;
        _ = Task.Run(() => Tell(input, config));

        // What holds the pipes may be a child of it that outlives it.
        if (!process.WaitForExit(patience) || !Task.WhenAll(output, said).Wait(patience))
        {
            process.Kill(entireProcessTree: true);
            throw new CniException(
                CniError.DelegateFailed,
                $"{type} has not ended within {patience.TotalSeconds:0} s and was stopped; see what it waits for, or "
                    + "give the config a longer 'delegateTimeout'");
        }

        string complaint = said.Result;
        if (complaint.Length > 0)
        {
            error.Write(complaint);
        }

        return process.ExitCode == 0 ? output.Result : throw Failure(type, process.ExitCode, output.Result, complaint);
    }

    private static void Tell(StreamWriter input, string config)
    {
        try
        {
            using (input)
            {
                input.Write(config);
            }
        }
        catch (Exception problem) when (problem is IOException or ObjectDisposedException)
        {
            // It has ended without reading all; its exit code says more.
        }
    }

    private static CniException Failure(string type, int exitCode, string output, string complaint)
    {
        try
        {
            if (SafeJson.Parse(output) is JsonObject json
                && json["msg"] is JsonValue message && message.TryGetValue(out string? text))
            {
                return new CniException(
                    json["code"] is JsonValue number && number.TryGetValue(out int code)
                        ? code : CniError.DelegateFailed,
                    text,
                    json["details"] is JsonValue details && details.TryGetValue(out string? more) ? more : "");
            }
        }
        catch (JsonException)
        {
            // It is said below what came instead.
        }

        string last = OneLine.Shorten(complaint.Length > 0 ? complaint : output);
        return new CniException(
            CniError.DelegateFailed, $"{type} has ended with code {exitCode} and no error in JSON"
                + (last.Length > 0 ? $": {last}" : ", and said nothing"));
    }

    private static bool IsProgram(string file)
    {
        try
        {
            return File.Exists(file) && ((int)File.GetUnixFileMode(file) & ExecutionBits) != 0;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
