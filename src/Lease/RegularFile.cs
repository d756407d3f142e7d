using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease;

/// <summary>Reading a small text file that somebody else may have replaced by anything.</summary>
public static class RegularFile
{
    /// <summary>Reads it whole; UTF-8, with or without a byte order mark.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="IOException">It cannot be read: a directory, or nothing in it.</exception>
    public static Task<string> ReadAllTextAsync(string path, CancellationToken cancellationToken)
    {
        Require(path);
        return File.ReadAllTextAsync(path, cancellationToken);
    }

    /// <inheritdoc cref="ReadAllTextAsync"/>
    public static string ReadAllText(string path)
    {
        Require(path);
        return File.ReadAllText(path);
    }

    /// <summary>Reads it whole, whatever is in it.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="IOException">It cannot be read: a directory, or nothing in it.</exception>
    public static byte[] ReadAllBytes(string path)
    {
        Require(path);
        return File.ReadAllBytes(path);
    }

    private static void Require(string path)
    {
        FileInfo file = new(path);
        if (Directory.Exists(path))
        {
            throw new IOException("it is a directory");
        }

        // A pipe, whose opening would wait for a writer, and a device have length 0.
        if (file.Exists && (file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length == 0)
        {
            throw new IOException("it is empty, or not a regular file");
        }
    }
}
