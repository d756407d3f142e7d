using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Overlay.Cni.Protocol;
using Overlay.Lease;

namespace Overlay.Cni.State;

/// <summary>
/// What the delegate was told at ADD, kept for the verbs after it: by then the host may have another subnet. A file for
/// each attachment, <c>CONTAINER:INTERFACE</c>; neither part can have a colon. Stock has one for each container,
/// <c>CONTAINER</c>, whose interface it does not say: it is taken for whichever is asked for.
/// </summary>
/// <param name="directory">Where; it need not be there.</param>
internal sealed class DelegateState(string directory)
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerDirectory = OwnerFile | UnixFileMode.UserExecute;

    // A writer that lives takes milliseconds.
    private static readonly TimeSpan s_leftoverAge = TimeSpan.FromHours(1);

    /// <summary>Keeps a config: mode 0600, on the disk when this returns; the directory's is 0700.</summary>
    /// <exception cref="CniException">It cannot be kept. Nothing of it stays.</exception>
    internal void Save(Attachment attachment, string config)
    {
        try
        {
            _ = Directory.CreateDirectory(directory, OwnerDirectory);
            AtomicFile.Write(OwnPath(attachment), Encoding.UTF8.GetBytes(config), mode: OwnerFile);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw Failure("save", problem);
        }
    }

    /// <summary>What was kept.</summary>
    /// <param name="attachment">Whose.</param>
    /// <param name="path">The file.</param>
    /// <returns>Null when nothing is kept.</returns>
    /// <exception cref="CniException">It cannot be read.</exception>
    internal string? Load(Attachment attachment, out string path)
    {
        foreach (string candidate in (string[])[OwnPath(attachment), StockPath(attachment)])
        {
            path = candidate;
            try
            {
                return File.ReadAllText(candidate);
            }
            catch (Exception problem) when (
                problem is FileNotFoundException or DirectoryNotFoundException or PathTooLongException)
            {
                // The next; none is no fault. Under a name that is too long Save has kept nothing either.
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                throw Failure("load", problem);
            }
        }

        path = "";
        return null;
    }

    /// <summary>Forgets one.</summary>
    /// <param name="path">What <see cref="Load"/> or <see cref="All"/> has given.</param>
    /// <exception cref="CniException">It cannot be removed.</exception>
    internal void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw Failure("remove", problem);
        }
    }

    /// <summary>
    /// Everything that is kept: file, container, and interface, which is null in a file of stock's.
    /// </summary>
    /// <exception cref="CniException">The directory cannot be read.</exception>
    internal IReadOnlyList<(string Path, string ContainerId, string? Interface)> All()
    {
        List<(string, string, string?)> all = [];
        try
        {
            foreach (string path in Directory.Exists(directory) ? Directory.GetFiles(directory) : [])
            {
                string[] parts = System.IO.Path.GetFileName(path).Split(':');
                if (CniEnvironment.IsName(parts[0]) && parts.Length <= 2) // a name that begins with a dot is a writer's
                {
                    all.Add((path, parts[0], parts.Length == 2 ? parts[1] : null));
                }
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw Failure("list", problem);
        }

        return all;
    }

    /// <summary>Removes what writers that were killed have left.</summary>
    /// <param name="attachment">Whose: nothing else is written for it meanwhile; null for old ones of all.</param>
    /// <param name="clock">Says what is old.</param>
    /// <exception cref="CniException">The directory cannot be read.</exception>
    internal void RemoveLeftovers(Attachment? attachment, TimeProvider clock)
    {
        try
        {
            if (attachment is { } one && Directory.Exists(directory))
            {
                AtomicFile.RemoveLeftovers(directory, DateTimeOffset.MaxValue, Path.GetFileName(OwnPath(one)));
            }
            else if (Directory.Exists(directory))
            {
                AtomicFile.RemoveLeftovers(directory, clock.GetUtcNow() - s_leftoverAge);
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw Failure("list", problem);
        }
    }

    private string OwnPath(Attachment attachment) =>
        Path.Combine(directory, $"{attachment.ContainerId}:{attachment.Interface}");

    private string StockPath(Attachment attachment) => Path.Combine(directory, attachment.ContainerId);

    private CniException Failure(string what, Exception problem) => new(
        CniError.InputOutput,
        $"failed to {what} the delegate's config in {directory}: {OneLine.Shorten(problem.Message)}");
}
