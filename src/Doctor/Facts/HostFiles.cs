using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.Win32.SafeHandles;
using Overlay.Lease;
using Overlay.Linux;

namespace Overlay.Doctor.Facts;

/// <summary>
/// Files of this host: the kernel's where they are, all others below a root. What cannot be read is null, and noted.
/// </summary>
/// <param name="root">Absolute; <c>/</c> on a host.</param>
/// <param name="kernel">Where /proc, /sys and /dev are; another directory in tests.</param>
/// <param name="notes">Gets what was refused.</param>
internal sealed class HostFiles(string root, string kernel, FactNotes notes)
{
    private static readonly string[] s_kernels = ["proc/", "sys/", "dev/"];

    /// <summary>Whether there is a file or directory.</summary>
    /// <param name="path">With or without a slash at its beginning.</param>
    internal bool Exists(string path) => Path.Exists(In(path));

    /// <summary>The whole text of a small file; null when there is none or it is not to be read.</summary>
    internal string? Read(string path) => ReadNamed(In(path));

    /// <summary>The same of a file that somebody has named: wherever the host's files are.</summary>
    internal string? ReadNamed(string path)
    {
        try
        {
            // To open a pipe would wait for a writer, and a device may have no end.
            if (FileNode.KindOf(path) == FileNodeKind.Other)
            {
                notes.Add($"{path}: no regular file");
                return null;
            }

            // Those of the kernel have length 0, whatever is in them.
            if (File.Exists(path) && new FileInfo(path).Length > RegularFile.MostTextBytes)
            {
                notes.Add($"{path}: longer than {RegularFile.MostTextBytes} bytes");
                return null;
            }

            return File.Exists(path) ? File.ReadAllText(path) : null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            notes.Add($"{path} cannot be read: {problem.Message}");
            return null;
        }
    }

    /// <summary>The same of a file that may be gone by now, or be another user's: no word of it then.</summary>
    internal string? ReadQuietly(string path)
    {
        try
        {
            return File.ReadAllText(In(path));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The text without the blanks around it.</summary>
    internal string? ReadWord(string path) => Read(path)?.Trim();

    /// <summary>Names in a directory, in order; none when it is not there or not to be read.</summary>
    internal IReadOnlyList<string> List(string directory)
    {
        try
        {
            return Directory.Exists(In(directory))
                ? [.. Directory.EnumerateFileSystemEntries(In(directory)).Select(path => Path.GetFileName(path))
                    .Order(StringComparer.Ordinal)]
                : [];
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            notes.Add($"{directory} cannot be listed: {problem.Message}");
            return [];
        }
    }

    /// <summary>Where a file of the host is.</summary>
    internal string PathOf(string path) => In(path);

    /// <summary>Why a file cannot be opened to read and write; null when it can. It is closed again at once.</summary>
    internal string? WhyNotOpened(string path)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(
                In(path), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return problem.Message;
        }
    }

    /// <summary>Who may do what with a file; null when it is not there.</summary>
    internal UnixFileMode? ModeOf(string path) => ModeOfNamed(In(path));

    /// <summary>The same of a file that somebody has named.</summary>
    internal static UnixFileMode? ModeOfNamed(string path)
    {
        try
        {
            return Path.Exists(path) ? File.GetUnixFileMode(path) : null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Where a symbolic link leads; null for anything else, and for one that is not to be read.</summary>
    internal string? LinkTarget(string path)
    {
        try
        {
            return new FileInfo(In(path)).LinkTarget;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private string In(string path)
    {
        string name = path.TrimStart('/');
        return Path.Combine(s_kernels.Any($"{name}/".StartsWith) ? kernel : root, name);
    }
}
