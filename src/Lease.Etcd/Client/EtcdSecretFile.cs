using System;
using System.IO;

namespace Overlay.Lease.Etcd.Client;

/// <summary>
/// A file with a password or a token: read whenever that is needed, so that a new one needs no restart.
/// </summary>
internal static class EtcdSecretFile
{
    /// <summary>Reads it.</summary>
    /// <param name="what">For the message: <c>password</c> or <c>token</c>.</param>
    /// <param name="file">Whose content it is, up to the line break at its end.</param>
    /// <exception cref="EtcdException">The file cannot be read, or is empty.</exception>
    internal static string Read(string what, string file)
    {
        string secret;
        try
        {
            secret = RegularFile.ReadExactText(file).TrimEnd('\r', '\n');
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new EtcdException($"etcd {what} file {file}: cannot be read: {problem.Message}", problem);
        }

        if (what == "token" && secret.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw new EtcdException(
                $"etcd {what} file {file}: holds characters that no {what} has; write the {what} alone into the "
                    + "first line");
        }

        return secret.Length > 0 ? secret : throw new EtcdException(
            $"etcd {what} file {file}: holds no {what}; write it into the first line");
    }
}
