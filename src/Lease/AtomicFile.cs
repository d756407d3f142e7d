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
    public const UnixFileMode FileMode0644 =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>rwxr-xr-x.</summary>
    internal const UnixFileMode DirectoryMode0755 = FileMode0644
        | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const string TemporarySuffix = ".tmp";

    // errno values, as the base library hands them on in an IOException's HResult.
    private const int Busy = 16, OtherDevice = 18, ReadOnly = 30; // EBUSY, EXDEV, EROFS

    /// <summary>Writes beside the file with the mode that is given, whatever the umask is, flushes to disk, renames
    /// over it. A failure leaves no temporary file.</summary>
    /// <param name="path">In a directory that exists.</param>
    /// <param name="content">All of it.</param>
    /// <param name="lastWrite">The time of last write the file gets; null for the system's time.</param>
    /// <param name="replace">False to fail with an <see cref="IOException"/> when the file exists. That is looked at
    /// just before the rename, so it holds among callers that keep each other out by a lock.</param>
    /// <param name="mode">Of the file, at no moment more.</param>
    /// <exception cref="IOException">It cannot be written, for example because the disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of permission.</exception>
    public static void Write(
        string path,
        ReadOnlySpan<byte> content,
        DateTimeOffset? lastWrite = null,
        bool replace = true,
        UnixFileMode mode = FileMode0644)
    {
        string temporary = Path.Combine(
            Path.GetDirectoryName(path) ?? ".", $".{Path.GetFileName(path)}.{Guid.NewGuid():N}{TemporarySuffix}");
        try
        {
            using (SafeFileHandle file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                File.SetUnixFileMode(file, mode);
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

    /// <summary>
    /// As <see cref="Write"/>; but a file that is there and cannot be renamed over is written where it stands, with one
    /// write and then a cut to its new length: for a moment a reader may see old and new content mixed.
    /// </summary>
    /// <remarks>
    /// rename(2) fails over a mount point, which a single file mounted into a container is, and in a directory that may
    /// not be written. A full disk is not among the reasons: the old content would be lost.
    /// </remarks>
    /// <returns>Null when it was replaced as a whole; otherwise why not, in words for parentheses.</returns>
    /// <exception cref="IOException">It can be written neither way.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of permission.</exception>
    public static string? WriteOrOverwrite(string path, ReadOnlySpan<byte> content)
    {
        try
        {
            Write(path, content);
            return null;
        }
        catch (Exception problem) when (WhyInPlace(problem) is not null && File.Exists(path))
        {
            using SafeFileHandle file = File.OpenHandle(
                path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.Write(file, content, 0);
            RandomAccess.SetLength(file, content.Length);
            RandomAccess.FlushToDisk(file);
            return WhyInPlace(problem);
        }
    }

    /// <summary>Whether a write failed because the file is mounted by itself, so that nothing can be renamed over
    /// it.</summary>
    internal static bool IsMountedAlone(Exception problem) => problem is IOException { HResult: Busy };

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

    private static string? WhyInPlace(Exception problem) => problem switch
    {
        IOException { HResult: Busy } => "it is a mount point",
        IOException { HResult: OtherDevice } => "its directory is on another file system",
        IOException { HResult: ReadOnly } => "its directory is on a read-only file system",
        UnauthorizedAccessException => "it may not be replaced in its directory",
        _ => null,
    };

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
