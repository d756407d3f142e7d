using System;
using System.Collections.Generic;
using System.Linq;

namespace Overlay.Cni.Protocol;

/// <summary>What the runtime says by variables (CNI specification 1.1.0, section 2, "Protocol parameters").</summary>
internal sealed class CniEnvironment
{
    private const int LongestInterface = 15; // IFNAMSIZ - 1

    private readonly Func<string, string?> _read;

    /// <summary>What a reader finds.</summary>
    /// <param name="read">Gives a variable's value; null when it is not set.</param>
    internal CniEnvironment(Func<string, string?> read) => _read = read;

    /// <summary><c>ADD</c> and so on; empty when nobody called as a runtime does.</summary>
    internal string Command => Value("CNI_COMMAND");

    /// <summary>The container; it is part of a file's name.</summary>
    internal string ContainerId => Value("CNI_CONTAINERID");

    /// <summary>The interface inside the container; it is part of a file's name.</summary>
    internal string Interface => Value("CNI_IFNAME");

    /// <summary>Directories of plugins.</summary>
    internal string[] Path => Value("CNI_PATH").Split(':', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Refuses when a variable is missing, or names no container or interface.</summary>
    /// <param name="names">Those that the verb needs.</param>
    /// <exception cref="CniException">One line names all that are missing.</exception>
    internal void Require(params IReadOnlyList<string> names)
    {
        string[] missing = [.. names.Where(name => Value(name).Length == 0)];
        if (missing.Length > 0)
        {
            throw new CniException(
                CniError.InvalidEnvironment,
                $"required env variables [{string.Join(',', missing)}] missing; a container runtime sets them");
        }

        if (names.Contains("CNI_CONTAINERID") && !IsName(ContainerId))
        {
            throw new CniException(
                CniError.InvalidEnvironment, "CNI_CONTAINERID is no container ID; it begins with a letter or digit, "
                    + "and letters, digits, '_', '.' and '-' follow", ContainerId);
        }

        if (names.Contains("CNI_IFNAME") && !IsInterface(Interface))
        {
            throw new CniException(
                CniError.InvalidEnvironment, "CNI_IFNAME is no name of an interface; it has 1 to 15 characters without "
                    + "'/', ':' and blanks, and is neither '.' nor '..'", Interface);
        }
    }

    /// <summary>Whether it is a name by the specification, of a container or a network.</summary>
    internal static bool IsName(string text) => text.Length > 0 && char.IsAsciiLetterOrDigit(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');

    private static bool IsInterface(string text) => text is not ("" or "." or "..") && text.Length <= LongestInterface
        && !text.Any(c => c is '/' or ':' || char.IsWhiteSpace(c) || char.IsControl(c));

    private string Value(string name) => _read(name) ?? "";
}
