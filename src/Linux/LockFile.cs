using System.IO;

namespace Overlay.Linux;

/// <summary>A file that one process at a time holds.</summary>
public static class LockFile
{
    private const int WouldBlock = 11; // EWOULDBLOCK of flock(2), as the base library hands it on

    /// <summary>
    /// Creates the file where it is missing, and holds it until the stream is disposed or the process ends.
    /// </summary>
    /// <returns>Null when another process holds it.</returns>
    /// <remarks>
    /// Sharing nothing is an exclusive flock(2). Every other sharing mode, a reader's too, is a shared one, so nobody
    /// can read the file meanwhile: what the holder has to say goes into another.
    /// </remarks>
    /// <exception cref="IOException">The file cannot be made, or something else than a file is there; likewise
    /// UnauthorizedAccessException.</exception>
    public static FileStream? TryHold(string path)
    {
        // To open a pipe would wait for its reader.
        if (FileNode.KindOf(path) is not (FileNodeKind.None or FileNodeKind.Regular))
        {
            throw new IOException($"{path} is not a regular file: remove it");
        }

        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException problem) when (problem.HResult == WouldBlock)
        {
            return null;
        }
    }
}
