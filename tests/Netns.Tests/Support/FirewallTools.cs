using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Lab;
using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>
/// A host's iptables, which is one of the two that there are, and nft, seen from outside. A daemon finds the same ones
/// on the PATH of <see cref="Wrapper"/>.
/// </summary>
/// <param name="lab">Where.</param>
/// <param name="number">The host, from 1.</param>
/// <param name="variant"><c>nft</c>, <c>legacy</c>; or null for a host without iptables and nft.</param>
internal sealed class FirewallTools(TestLab lab, int number, string? variant)
{
    private static readonly string[] s_names = ["iptables", "iptables-save"];

    /// <summary>
    /// The words before a daemon's that have it find this iptables, or none: ip netns exec gives it mounts of its own.
    /// </summary>
    internal IReadOnlyList<string> Wrapper
    {
        get
        {
            if (variant is null)
            {
                return
                [
                    "sh", "-c", "for f in xtables-nft-multi xtables-legacy-multi nft; do "
                        + "mount --bind /dev/null /usr/sbin/$f; done; "
                        + "exec \"$@\"", "sh",
                ];
            }

            string folder = Path.Combine(lab.Plan.Directory, $"tools-{variant}");
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder);
                foreach (string name in s_names)
                {
                    File.CreateSymbolicLink(Path.Combine(folder, name), $"/usr/sbin/xtables-{variant}-multi");
                }

                string restore = Path.Combine(folder, "iptables-restore");
                File.WriteAllText(
                    restore,
                    $"#!/bin/sh\necho \"$@\" >> {RestoreLog}\nexec /usr/sbin/iptables-{variant}-restore \"$@\"\n");
                File.SetUnixFileMode( // for a daemon with a user of its own, too
                    restore,
                    UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
                        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
            }

            return
            [
                "env", $"PATH={folder}:{Environment.GetEnvironmentVariable("PATH")}",
                .. LockFile is null ? (string[])[] : [$"XTABLES_LOCKFILE={LockFile}"],
            ];
        }
    }

    /// <summary>Where the older iptables of a daemon has its lock; null for the host's own.</summary>
    internal string? LockFile { get; init; }

    /// <summary>How often a daemon with these tools has run iptables-restore.</summary>
    internal int Restores => File.Exists(RestoreLog) ? File.ReadAllLines(RestoreLog).Length : 0;

    private string RestoreLog => Path.Combine(lab.Plan.Directory, $"restores-{number}-{variant}");

    /// <summary>Skips the test where a tool is not installed.</summary>
    internal static void Require() => Prerequisites.Require(
        ("iptables-nft", "iptables"), ("iptables-legacy", "iptables"), ("nft", "nftables"));

    /// <summary>Starts the host's daemon with these tools.</summary>
    internal RunningProgram Start(params IReadOnlyList<string> extra)
    {
        IReadOnlyList<string> words = lab.DaemonWords(number, extra);
        return lab.Keep(number, RunningProgram.Start([.. words.Take(4), .. Wrapper, .. words.Skip(4)]));
    }

    /// <summary>Changes rules.</summary>
    internal void Rule(string words) => _ = Run([$"iptables-{variant}", "-w", .. words.Split(' ')]);

    /// <summary>The lines of <c>iptables -S</c>.</summary>
    /// <param name="table">Of this table.</param>
    /// <param name="naming">Those that contain this.</param>
    internal IReadOnlyList<string> Rules(string table, string naming = "") =>
        [.. Run([$"iptables-{variant}", "-w", "-t", table, "-S"]).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.Contains(naming, StringComparison.Ordinal))];

    /// <summary>Runs nft.</summary>
    internal string Nft(string words) => Run(["nft", .. words.Split(' ')]);

    /// <summary>Every rule there is, of all kinds, without counters.</summary>
    internal string Everything() =>
        Run(["nft", "-s", "list", "ruleset"]) + string.Join('\n', ((string[])["nat", "filter"]).SelectMany(
            table => new FirewallTools(lab, number, "legacy").Rules(table)));

    private string Run(string[] words)
    {
        CommandResult done = lab.Run(lab.Host(number).HostNamespace, words);
        Assert.True(done.Succeeded, $"{string.Join(' ', words)}: {done.Error}");
        return done.Output;
    }
}
