using System;
using System.IO;
using System.IO.Enumeration;
using Microsoft.Win32.SafeHandles;

namespace Overlay.Lease;

/// <summary>
/// Replaces a file as a whole: a reader sees the old content or the new, never a part. The directory itself is not
/// flushed, which the base library cannot do: after a loss of power the old content may be back, but never a mixture.
/// </summary>
public static class AtomicFile
{
    /// <summary>rw-r--r--: what is written here holds no secrets and is read by other users' tools.</summary>
    internal const UnixFileMode FileMode0644 =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>rwxr-xr-x.</summary>
    internal const UnixFileMode DirectoryMode0755 = FileMode0644
        | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const string TemporarySuffix = ".tmp";

    /// <summary>Writes beside the file, flushes to disk, renames over it. A failure leaves no temporary file.</summary>
    /// <param name="path">In a directory that exists. Mode 0644 regardless of the umask.</param>
    /// <param name="content">All of it.</param>
    /// <param name="lastWrite">The time of last write the file gets; null for the system's time.</param>
    /// <param name="replace">False to fail with an <see cref="IOException"/> when the file exists.</param>
    /// <exception cref="IOException">It cannot be written, for example because the disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of permission.</exception>
    public static void Write(
        string path, ReadOnlySpan<byte> content, DateTimeOffset? lastWrite = null, bool replace = true)
    {
        string temporary = Path.Combine(
            Path.GetDirectoryName(path) ?? ".", $".{Path.GetFileName(path)}.{Guid.NewGuid():N}{TemporarySuffix}");
        try
        {
            using (SafeFileHandle file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                File.SetUnixFileMode(file, FileMode0644);
                RandomAccess.Write(file, content, 0);
                if (lastWrite is { } time)
                {
                    File.SetLastWriteTimeUtc(file, time.UtcDateTime);
                }

                RandomAccess.FlushToDisk(file);
            }

            File.Move(temporary, path, replace);
        }
        catch
        {
            DeleteQuietly(temporary);
            throw;
        }
    }

    /// <summary>Creates a directory and its missing parents, each with mode 0755 regardless of the umask.</summary>
    internal static void CreateDirectory(string directory)
    {
        if (directory.Length == 0 || Directory.Exists(directory))
        {
            return;
        }

        CreateDirectory(Path.GetDirectoryName(directory) ?? "");
        Directory.CreateDirectory(directory);
        File.SetUnixFileMode(directory, DirectoryMode0755);
    }

    /// <summary>Removes what writers that were killed left in a directory.</summary>
    /// <param name="directory">Where <see cref="Write"/> wrote.</param>
    /// <param name="writtenBefore">Younger files are left: their writer may be alive.</param>
    /// <param name="fileName">Only those of this file; null for any in a directory that is ours alone.</param>
    /// <exception cref="IOException">The directory cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of permission.</exception>
    public static void RemoveLeftovers(string directory, DateTimeOffset writtenBefore, string? fileName = null)
    {
        string prefix = fileName is null ? "." : $".{fileName}.";
        var leftovers = new FileSystemEnumerable<string>(
            directory,
            (ref FileSystemEntry entry) => entry.ToFullPath(),
            new EnumerationOptions { AttributesToSkip = 0 })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) =>
                entry.FileName.StartsWith(prefix, StringComparison.Ordinal)
                && entry.FileName.EndsWith(TemporarySuffix, StringComparison.Ordinal)
                && !entry.IsDirectory
                && entry.LastWriteTimeUtc < writtenBefore,
        };
        foreach (string leftover in leftovers)
        {
            DeleteQuietly(leftover);
        }
    }

    private static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // The failure before this one is what is reported; a later writer removes the leftover.
        }
    }
}
