using System;
using System.IO;

namespace Overlay.Lease.Kubernetes.Access;

/// <summary>
/// A certificate, key, password or token: in a file that somebody may replace at any moment, or given as it is.
/// </summary>
/// <param name="what">What it is, for messages.</param>
/// <param name="path">The file; null when the text is given.</param>
/// <param name="text">The text; null when a file is.</param>
internal sealed class Credential(string what, string? path, string? text)
{
    /// <summary>For messages: what, and the file where it is in one.</summary>
    internal string Name { get; } = path is null ? what : $"{what} {path}";

    /// <summary>Reads it as it is now.</summary>
    /// <exception cref="LeaseStoreException">The file cannot be read.</exception>
    internal string Read()
    {
        if (text is not null)
        {
            return text;
        }

        try
        {
            return RegularFile.ReadAllText(path ?? throw new InvalidOperationException($"{what} is nowhere"));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new LeaseStoreException(
                $"{Name} cannot be read ({problem.Message.TrimEnd('.')}); name a file that this user may read",
                problem);
        }
    }
}
