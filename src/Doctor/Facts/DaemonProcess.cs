using System;
using System.Collections.Generic;
using System.Linq;

namespace Overlay.Doctor.Facts;

/// <summary>A running program that may be this host's daemon: ours or flannel's, in this network namespace.</summary>
/// <param name="Id">Of the process.</param>
/// <param name="Name">Of its file.</param>
/// <param name="Arguments">Its command line.</param>
/// <param name="Environment">Of flannel's own variables, <c>NAME=VALUE</c>.</param>
internal sealed record DaemonProcess(
    int Id, string Name, IReadOnlyList<string> Arguments, IReadOnlyList<string> Environment)
{
    private const string Variables = "FLANNELD_";

    private static readonly string[] s_names = ["flanneld", "overlay"];

    /// <summary>Looks through /proc.</summary>
    internal static IReadOnlyList<DaemonProcess> FindAll(HostFiles files)
    {
        string? here = files.LinkTarget("proc/self/ns/net");
        return
        [
            .. from name in files.List("proc")
            where char.IsAsciiDigit(name[0])
            let words = Split(files.ReadQuietly($"proc/{name}/cmdline"))
            where words.Count > 0 && s_names.Contains(words[0].Split('/')[^1])
                && files.LinkTarget($"proc/{name}/ns/net") == here
            select new DaemonProcess(
                int.Parse(name, System.Globalization.CultureInfo.InvariantCulture), words[0].Split('/')[^1], words,
                [
                    .. Split(files.ReadQuietly($"proc/{name}/environ"))
                        .Where(line => line.StartsWith(Variables, StringComparison.Ordinal)),
                ]),
        ];
    }

    /// <summary>The value of an option, however it was given; null when it was not.</summary>
    /// <param name="name">Without dashes: <c>etcd-certfile</c>.</param>
    internal string? Option(string name)
    {
        for (int index = 1; index < Arguments.Count; index++)
        {
            string word = Arguments[index].TrimStart('-');
            if (word == name && index + 1 < Arguments.Count)
            {
                return Arguments[index + 1];
            }

            if (Arguments[index].StartsWith('-') && word.StartsWith($"{name}=", StringComparison.Ordinal))
            {
                return word[(name.Length + 1)..];
            }
        }

        string variable = $"{Variables}{name.Replace('-', '_').ToUpperInvariant()}=";
        return Environment.FirstOrDefault(line => line.StartsWith(variable, StringComparison.Ordinal))
            ?[variable.Length..];
    }

    private static IReadOnlyList<string> Split(string? text) =>
        (text ?? "").Split('\0', StringSplitOptions.RemoveEmptyEntries);
}
