using System;
using System.IO;
using Overlay.Capture.Files;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Decode;

/// <summary>Capture files that a command line names.</summary>
internal static class CaptureFile
{
    private static readonly string s_version =
        typeof(CaptureFile).Assembly.GetName().Version?.ToString(3) ?? "unknown";

    /// <summary>What a file is called in messages.</summary>
    internal static string NameOf(string path) => path == DecodeRequest.Standard ? "standard input" : $"'{path}'";

    /// <summary>Opens one to be read.</summary>
    /// <param name="path">Or <see cref="DecodeRequest.Standard"/>.</param>
    /// <exception cref="OperatorException">It cannot be.</exception>
    internal static Stream OpenRead(string path)
    {
        if (path == DecodeRequest.Standard)
        {
            return Console.OpenStandardInput();
        }

        try
        {
            // Somebody may be writing it.
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception problem) when (IsAboutTheFile(problem))
        {
            throw new OperatorException(
                $"the capture {NameOf(path)} cannot be read ({Reason(problem)}); give a pcap or pcapng file, or - for "
                    + "standard input", problem);
        }
    }

    /// <summary>Opens one to be written; what it had is gone.</summary>
    /// <param name="path">Or <see cref="DecodeRequest.Standard"/>.</param>
    /// <param name="source">The one that is being read.</param>
    /// <exception cref="OperatorException">It cannot be, or it is the same.</exception>
    internal static Stream OpenWrite(string path, string source)
    {
        if (path == DecodeRequest.Standard)
        {
            return Console.OpenStandardOutput();
        }

        if (source != DecodeRequest.Standard && Resolved(path) == Resolved(source))
        {
            throw new OperatorException(
                $"--write names '{path}', which is the capture that is read; give another file");
        }

        try
        {
            return new CaptureOutput(
                new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0), path);
        }
        catch (Exception problem) when (IsAboutTheFile(problem))
        {
            throw new OperatorException(
                $"--write names '{path}', which cannot be written ({Reason(problem)}); give another file", problem);
        }
    }

    /// <summary>Begins a pcapng file that names this program.</summary>
    internal static PcapngWriter Begin(Stream stream) =>
        new(stream, $"overlay {s_version}", $"Linux {Environment.OSVersion.Version}");

    // An empty path is an argument error.
    private static bool IsAboutTheFile(Exception problem) =>
        problem is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;

    /// <summary>Why a file cannot be read or written, in words.</summary>
    internal static string Reason(Exception problem) => problem switch
    {
        FileNotFoundException or DirectoryNotFoundException => "it does not exist",
        UnauthorizedAccessException => "it is a directory, or permission is denied",
        ArgumentException => "it is no path",
        _ => problem.Message.Split(" : '")[0].TrimEnd('.'), // the path behind it is in every line already
    };

    private static string Resolved(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        }
        catch (Exception problem) when (IsAboutTheFile(problem))
        {
            return path; // opening it says what is wrong
        }
    }
}
