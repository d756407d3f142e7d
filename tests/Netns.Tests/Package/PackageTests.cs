using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Overlay.Lab;
using Overlay.Lab.Cni;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Package;

/// <summary>The Debian package, in a root directory of its own: nothing on the machine changes.</summary>
[Collection(nameof(Alone))]
public sealed class PackageTests : IDisposable
{
    private const string Defaults = "etc/default/overlay";
    private const string Unit = "lib/systemd/system/overlay.service";

    // Of systemd-sysusers, which makes the unit's user. It stays: others may have files of it.
    private static readonly string[] s_accounts =
        ["etc/.pwd.lock", "etc/group", "etc/gshadow", "etc/passwd", "etc/shadow"];

    private static readonly string s_architecture =
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "amd64";

    private readonly DirectoryInfo _directory =
        Directory.CreateTempSubdirectory($"overlay-t{Environment.ProcessId}-package-");

    private string Root => Path.Combine(_directory.FullName, "root");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void It_is_installed_works_and_leaves_its_options_when_it_is_removed_and_nothing_when_it_is_purged()
    {
        RequirePackaging();
        string package = Build("first");
        MakeRoot();

        string said = Dpkg("--install", package);
        Assert.Contains("systemctl enable --now overlay", said, StringComparison.Ordinal);
        string[] installed = Files();
        Assert.Superset(
            new HashSet<string>
            {
                "usr/bin/overlay", "usr/lib/overlay/cni/flannel", Unit, Defaults, "usr/lib/sysusers.d/overlay.conf",
                "usr/lib/tmpfiles.d/overlay.conf",
                "usr/share/man/man8/overlay.8.gz", "usr/share/man/man8/overlay-run.8.gz",
                "usr/share/bash-completion/completions/overlay", "usr/share/zsh/vendor-completions/_overlay",
                "usr/share/fish/vendor_completions.d/overlay.fish",
                "usr/share/doc/overlay/copyright", "usr/share/doc/overlay/changelog.gz",
                "usr/share/doc/overlay/install.md", "usr/share/doc/overlay/wireshark.md",
                "usr/share/overlay/wireshark/overlay.lua", "usr/share/overlay/wireshark/overlay-extcap",
                "usr/share/doc/overlay/examples/overlay.service.d/kernel-path.conf",
            },
            installed.ToHashSet());
        Assert.Matches(@"^\d+\.\d+\.\d+", Run(Path.Combine(Root, "usr/bin/overlay"), "--version"));
        Assert.Equal(
            Repository.Read("dist/systemd/overlay.service"), File.ReadAllText(Path.Combine(Root, Unit)));
        if (ChildCommand.Find("systemd-sysusers") is not null)
        {
            Assert.Contains("\noverlay:", $"\n{File.ReadAllText(Path.Combine(Root, "etc/passwd"))}",
                StringComparison.Ordinal);
            TakeLock();
        }

        // The same version again, as an upgrade: what the operator wrote stays.
        File.AppendAllText(Path.Combine(Root, Defaults), "FLANNELD_IFACE=eth1\n");
        _ = Dpkg("--install", package);
        Assert.EndsWith(
            "FLANNELD_IFACE=eth1\n", File.ReadAllText(Path.Combine(Root, Defaults)), StringComparison.Ordinal);
        bool canEnable = ChildCommand.Find("systemctl") is not null;
        if (canEnable)
        {
            _ = Run("systemctl", $"--root={Root}", "--quiet", "enable", "overlay.service");
            Assert.Single(Files(), file => file.EndsWith("wants/overlay.service", StringComparison.Ordinal));
        }

        _ = Dpkg("--remove", "overlay");
        Assert.Equal([Defaults], Files().Except(s_accounts));
        _ = Dpkg("--purge", "overlay");
        Assert.Empty(Files().Except(s_accounts));
    }

    [Fact]
    public void Made_twice_it_has_the_same_bytes_and_its_manual_has_every_option()
    {
        RequirePackaging();
        string first = Build("first");
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(Build("second")));

        Assert.Equal(s_architecture, Field(first, "Architecture"));
        Assert.Matches(@"^libc6 \(>= 2\.\d+\)$", Field(first, "Depends"));
        Assert.Contains("iptables | nftables", Field(first, "Recommends"), StringComparison.Ordinal);
        Assert.All(
            Run("dpkg-deb", "--contents", first).Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.Contains(" root/root ", line, StringComparison.Ordinal));

        _ = Run("dpkg-deb", "--extract", first, Root);
        Needs.Program("mandoc", "mandoc");
        foreach (string page in (string[])["overlay", "overlay-run"])
        {
            string file = Path.Combine(Root, $"usr/share/man/man8/{page}.8");
            _ = Run("gunzip", $"{file}.gz");
            _ = Run("mandoc", "-T", "lint", "-W", "warning", file);
            string text = Run("mandoc", "-T", "ascii", "-O", "width=80", file);
            Assert.DoesNotContain("| ", text, StringComparison.Ordinal);
        }

        // Every option of the page that the manual is made of is in the manual.
        string manual = File.ReadAllText(Path.Combine(Root, "usr/share/man/man8/overlay-run.8"));
        string[] options = [.. Repository.Read("docs/cli.md").Split('\n')
            .SkipWhile(line => line != "## overlay run").Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.StartsWith("| `--", StringComparison.Ordinal))
            .Select(line => line[3..].Split(' ', '`')[0])];
        Assert.NotEmpty(options);
        Assert.All(options, option => Assert.Contains($"\n\\fB{option}", manual.Replace("\\-", "-"),
            StringComparison.Ordinal));

        if (ChildCommand.Find("lintian") is not null)
        {
            string complaints = ChildCommand.Run(["lintian", "--fail-on", "none", first]).Output;
            Assert.DoesNotContain("E: ", complaints, StringComparison.Ordinal);
        }
    }

    private static void RequirePackaging()
    {
        Needs.Root("installs a package in a root directory of its own");
        Needs.Program("dpkg", "dpkg-deb");
        Needs.Program("go-md2man", "go-md2man");
        Needs.Program("binutils", "readelf");
        Assert.SkipWhen(
            File.Exists($"{RunningProgram.OverlayPath}.dll") || File.Exists($"{CniPlugins.Find().Flannel}.dll"),
            $"needs the native build: ./dev publish, and its paths in OVERLAY_DAEMON and {CniPlugins.Variable}");
    }

    // The older iptables' lock is the group's, also one that root's iptables has made before.
    private void TakeLock()
    {
        if (ChildCommand.Find("systemd-tmpfiles") is null)
        {
            return;
        }

        string run = Path.Combine(Root, "run");
        string file = Path.Combine(run, "xtables.lock");
        _ = Directory.CreateDirectory(run);
        File.WriteAllText(file, string.Empty);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _ = Run("systemd-tmpfiles", $"--root={Root}", "--create", "overlay.conf");
        string group = File.ReadLines(Path.Combine(Root, "etc/group"))
            .Single(line => line.StartsWith("overlay:", StringComparison.Ordinal)).Split(':')[2];
        Assert.Equal($"640 0 {group}", Run("stat", "--format=%a %u %g", file).Trim());
        Directory.Delete(run, recursive: true);
    }

    // Hardly compressed: that is what takes time.
    private string Build(string name) => Run(
        Path.Combine(Repository.Root, "eng", "package.sh"),
        s_architecture == "arm64" ? "linux-arm64" : "linux-x64",
        RunningProgram.OverlayPath,
        CniPlugins.Find().Flannel,
        Path.Combine(_directory.FullName, name),
        "-Zgzip",
        "-z1").Trim();

    // A system that has the C library and nothing else.
    private void MakeRoot()
    {
        string database = Path.Combine(Root, "var/lib/dpkg");
        foreach (string folder in (string[])["info", "updates", "triggers"])
        {
            _ = Directory.CreateDirectory(Path.Combine(database, folder));
        }

        File.WriteAllText(Path.Combine(database, "status"), $"""
            Package: libc6
            Status: install ok installed
            Maintainer: nobody <nobody@nowhere.invalid>
            Architecture: {s_architecture}
            Version: 2.41-1
            Description: C library


            """);
        File.WriteAllText(Path.Combine(database, "info", $"libc6:{s_architecture}.list"), string.Empty);
    }

    // Images of containers tell dpkg to leave out manual pages.
    private string Dpkg(params string[] words) => Run([
        "dpkg", $"--root={Root}", "--force-script-chrootless", "--force-confold",
        $"--log={Path.Combine(_directory.FullName, "dpkg.log")}", "--path-include=/usr/share/*", .. words]);

    private string[] Files() => [.. Directory
        .EnumerateFiles(Root, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Root, file))
        .Where(file => !file.StartsWith("var/lib/dpkg/", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal)];

    private static string Field(string package, string name) =>
        Run("dpkg-deb", "--field", package, name).Trim();

    private static string Run(params string[] words)
    {
        CommandResult result = ChildCommand.Run(words);
        Assert.True(result.Succeeded, $"{string.Join(' ', words)}: {result.Output}{result.Error}");
        return result.Output;
    }
}
