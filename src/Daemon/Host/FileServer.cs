using System;
using System.Collections.Generic;
using System.IO;
using Overlay.Net;

namespace Overlay.Daemon.Host;

/// <summary>Which server a directory is on, for file systems that are on one.</summary>
internal static class FileServer
{
    private const string Mounts = "/proc/self/mountinfo"; // proc_pid_mountinfo(5)

    // A mount option of NFS and CIFS.
    private const string AddressOption = "addr=";

    /// <summary>The server's address.</summary>
    /// <param name="directory">Absolute.</param>
    /// <returns>Null for a file system of this host, an IPv6 server, and where nothing can be found out.</returns>
    internal static Ipv4Address? Of(string directory)
    {
        try
        {
            return Of(directory, File.ReadLines(Mounts));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The same, by the lines of a mount table.</summary>
    internal static Ipv4Address? Of(string directory, IEnumerable<string> mounts)
    {
        Ipv4Address? server = null;
        int longest = -1;
        foreach (string line in mounts)
        {
            // … ROOT MOUNTPOINT OPTIONS [FIELD…] - TYPE SOURCE OPTIONS; of two mounts on one place the later is seen
            string[] words = line.Split(' ');
            int separator = Array.IndexOf(words, "-");
            if (separator < 6 || words.Length < separator + 4)
            {
                continue;
            }

            string place = words[4].Replace("\\040", " ", StringComparison.Ordinal).TrimEnd('/');
            if (place.Length >= longest && $"{directory}/".StartsWith($"{place}/", StringComparison.Ordinal))
            {
                longest = place.Length;
                server = AddressIn(words[separator + 3]);
            }
        }

        return server;
    }

    private static Ipv4Address? AddressIn(string options)
    {
        foreach (string option in options.Split(','))
        {
            if (option.StartsWith(AddressOption, StringComparison.Ordinal)
                && Ipv4Address.TryParse(option.AsSpan(AddressOption.Length), out Ipv4Address address))
            {
                return address;
            }
        }

        return null;
    }
}
