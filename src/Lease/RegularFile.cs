using System;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease;

/// <summary>Reading a small text file that somebody else may have replaced by anything.</summary>
public static class RegularFile
{
    /// <summary>What no config, certificate or password comes near, in bytes.</summary>
    public const int MostTextBytes = 4 << 20;

    private static readonly UTF8Encoding s_strict = new(
        encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads it whole; UTF-8, with or without a byte order mark.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="IOException">It cannot be read: a directory, nothing in it, or more than
    /// <see cref="MostTextBytes"/>.</exception>
    public static Task<string> ReadAllTextAsync(string path, CancellationToken cancellation)
    {
        Require(path, MostTextBytes);
        return File.ReadAllTextAsync(path, cancellation);
    }

    /// <inheritdoc cref="ReadAllTextAsync"/>
    public static string ReadAllText(string path)
    {
        Require(path, MostTextBytes);
        return File.ReadAllText(path);
    }

    /// <summary>
    /// As <see cref="ReadAllText"/>, but refuses bytes that are not UTF-8: for a password, which is compared byte by
    /// byte.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="IOException">As there, or it is not UTF-8.</exception>
    public static string ReadExactText(string path)
    {
        ReadOnlySpan<byte> content = ReadAllBytes(path, MostTextBytes);
        try
        {
            return s_strict.GetString(
                content.StartsWith(Encoding.UTF8.Preamble) ? content[Encoding.UTF8.Preamble.Length..] : content);
        }
        catch (DecoderFallbackException problem)
        {
            throw new IOException("it is not UTF-8 text; save it as such", problem);
        }
    }

    /// <summary>Reads it whole, whatever is in it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mostBytes">What is longer is not read.</param>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="IOException">It cannot be read: a directory, nothing in it, or too much.</exception>
    public static byte[] ReadAllBytes(string path, long mostBytes)
    {
        Require(path, mostBytes);
        return File.ReadAllBytes(path);
    }

    private static void Require(string path, long mostBytes)
    {
        var file = new FileInfo(path);
        if (Directory.Exists(path))
        {
            throw new IOException("it is a directory");
        }

        // A pipe and a device have length 0; opening a pipe would wait for a writer.
        long length = file.Exists ? (
            file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length : mostBytes;
        if (length == 0)
        {
            throw new IOException("it is empty, or not a regular file");
        }

        if (length > mostBytes)
        {
            throw new IOException($"it is longer than {mostBytes} bytes");
        }
    }
}
