using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using Overlay.Testing;
using Xunit;

namespace Overlay.Daemon.Tests.Cli;

/// <summary>
/// A lease directory that belongs to a group (mode 2775), used by two of its members with a strict umask.
/// </summary>
public sealed class SharedDirectoryTests : CliStore
{
    private const string Group = "61000", First = "61001", Second = "61002";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private string LockPath => Path.Combine(Root, ".lock");

    [Theory]
    [InlineData("2775")]
    [InlineData("0775")]
    public async Task What_one_member_makes_the_other_may_use(string mode)
    {
        Require();
        await RunAsync("chown", $"root:{Group}", Root, ConfigPath);
        Directory.Delete(Subnets);
        await RunAsync("chmod", mode, Root);

        (int exit, string error) = await AsAsync(
            First, "lease", "reserve", "10.244.1.0/24", "--public-ip", "192.0.2.1");
        Assert.True(exit == 0, error);
        (exit, error) = await AsAsync(Second, "lease", "reserve", "10.244.2.0/24", "--public-ip", "192.0.2.2");
        Assert.True(exit == 0, error);
        (exit, error) = await AsAsync(First, "lease", "remove", "10.244.2.0/24");
        Assert.True(exit == 0, error);
        (exit, error) = await AsAsync(Second, "config", "put", "-", input: """{"Network":"10.244.0.0/15"}""");
        Assert.True(exit == 0, error);

        const UnixFileMode File664 = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead
            | UnixFileMode.GroupWrite | UnixFileMode.OtherRead;
        Assert.All(
            (string[])[ConfigPath, Path.Combine(Subnets, "10.244.1.0-24")],
            path => Assert.Equal(File664, File.GetUnixFileMode(path)));
        Assert.All(await MadeAsync(), made => Assert.True(
            made.Group == Group && made.Mode.HasFlag(UnixFileMode.GroupRead | UnixFileMode.GroupWrite), $"{made}"));
    }

    [Theory]
    [InlineData("1777", "")] // sticky: others' files are protected there
    [InlineData("3775", Group)]
    [InlineData("0777", "")] // this user may not give its files to the directory's group
    public async Task What_is_made_where_nobody_shares_it_is_writable_to_its_owner_alone(string mode, string group)
    {
        Require();
        await RunAsync("chown", $"root:{Group}", Root, ConfigPath);
        Directory.Delete(Subnets);
        await RunAsync("chmod", mode, Root);

        (int exit, string error) = await AsAsync(
            First, ["lease", "reserve", "10.244.1.0/24", "--public-ip", "192.0.2.1"], input: "", group);
        Assert.True(exit == 0, error);

        const UnixFileMode Others = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        Assert.All(await MadeAsync(), made => Assert.True((made.Mode & Others) == 0, $"{made}"));
        if (mode == "3775")
        {
            (exit, error) = await AsAsync(Second, "lease", "reserve", "10.244.2.0/24", "--public-ip", "192.0.2.2");
            Assert.NotEqual(0, exit);
            Assert.EndsWith(
                $"{LockPath} belongs to user {First}, group {Group} and has mode 0600, so user {Second} may not write "
                    + $"it; run as user {First} or as root, or let group {Group} share the directory with: chgrp -R "
                    + $"{Group} {Root} && chmod -R g+rwX {Root} && chmod g+s,o-w,-t {Root} {Subnets}\n",
                error,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Root_that_is_refused_is_not_told_to_become_root()
    {
        Require();
        await RunAsync("chown", First, Root);
        await RunAsync("chmod", "0755", Root);
        using Process process = Start(
            string.Empty,
            "setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-dac_override",
            Executable, "lease", "reserve", "10.244.1.0/24", "--public-ip", "192.0.2.1", "--lease-store", Store);
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.True(process.WaitForExit(s_patience));
        Assert.Equal(1, process.ExitCode);
        Assert.EndsWith(
            $"{Root} belongs to user {First} and has mode 0755, and yet root may not write into it: a file server "
                + "(root_squash), a security module, the attribute i (lsattr) or a missing CAP_DAC_OVERRIDE is in the "
                + "way; export it with no_root_squash, or give --lease-store a directory that root may write\n",
            error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lock_that_an_earlier_run_made_for_its_user_alone_is_named_until_that_user_opens_it()
    {
        Require();
        await RunAsync("chown", $"root:{Group}", Root, ConfigPath, Subnets);
        await RunAsync("chmod", "2775", Root, Subnets);
        await File.WriteAllTextAsync(LockPath, "", TestContext.Current.CancellationToken);
        await RunAsync("chown", $"{First}:{Group}", LockPath);
        await RunAsync("chmod", "0644", LockPath);
        string[] reserve = ["lease", "reserve", "10.244.2.0/24", "--public-ip", "192.0.2.2"];

        string why = $"{LockPath} belongs to user {First}, group {Group} and has mode 0644, so user {Second} may "
            + $"not write it; allow it with: chmod g+w {LockPath}";
        (int exit, string error) = await AsAsync(Second, reserve);
        Assert.NotEqual(0, exit);
        Assert.EndsWith($"file:{Root}: cannot reserve 10.244.2.0/24: {why}\n", error, StringComparison.Ordinal);
        (exit, error) = await AsAsync(Second, "config", "put", "-", input: """{"Network":"10.244.0.0/15"}""");
        Assert.NotEqual(0, exit);
        Assert.EndsWith($"the network config {ConfigPath} cannot be written: {why}\n", error, StringComparison.Ordinal);

        (exit, error) = await AsAsync(First, "lease", "reserve", "10.244.1.0/24", "--public-ip", "192.0.2.1");
        Assert.True(exit == 0, error);
        (exit, error) = await AsAsync(Second, reserve);
        Assert.True(exit == 0, error);
    }

    [Fact]
    public async Task The_subnets_of_one_user_in_the_directory_of_a_group_are_named()
    {
        Require();
        await RunAsync("chown", $"root:{Group}", Root, ConfigPath);
        await RunAsync("chmod", "2775", Root);
        await RunAsync("chmod", "0755", Subnets);
        await RunAsync("chown", $"{First}:{Group}", Subnets);

        (int exit, string error) = await AsAsync(
            Second, "lease", "reserve", "10.244.2.0/24", "--public-ip", "192.0.2.2");

        Assert.NotEqual(0, exit);
        Assert.EndsWith(
            $"{Subnets} belongs to user {First}, group {Group} and has mode 0755, so user {Second} may not write "
                + $"into it; allow it with: chmod g+ws {Subnets}\n",
            error,
            StringComparison.Ordinal);
    }

    /// <summary>What a refusal tells to type is typed, and then the call passes.</summary>
    [Theory]
    [InlineData("2775", Group, "0664", Group, "", "run as a member of group 61000, or add user 61002 to that group")]
    [InlineData("3775", Group, "0600", First, Group, "let group 61000 share the directory with: ")]
    [InlineData("0777", "0", "0600", First, "61005", "let a GROUP that user 61002 is in share the directory with: ")]
    public async Task The_remedy_in_a_refusal_is_one(
        string mode, string group, string lockMode, string lockGroup, string member, string remedy)
    {
        Require();
        await RunAsync("chown", $"root:{group}", Root, ConfigPath);
        Directory.Delete(Subnets);
        await RunAsync("chmod", mode, Root);
        await File.WriteAllTextAsync(LockPath, "", TestContext.Current.CancellationToken);
        await RunAsync("chown", $"{First}:{lockGroup}", LockPath);
        await RunAsync("chmod", lockMode, LockPath);
        string[] reserve = ["lease", "reserve", "10.244.2.0/24", "--public-ip", "192.0.2.2"];

        (int exit, string error) = await AsAsync(Second, reserve, input: "", member);

        Assert.NotEqual(0, exit);
        Assert.Contains(remedy, error, StringComparison.Ordinal);
        Assert.DoesNotContain(Subnets, error, StringComparison.Ordinal);
        if (remedy.EndsWith(": ", StringComparison.Ordinal))
        {
            string commands = error[(error.IndexOf(remedy, StringComparison.Ordinal) + remedy.Length)..];
            await RunAsync("sh", "-c", commands.Replace("GROUP", member, StringComparison.Ordinal));
        }
        else
        {
            member = group;
        }

        (exit, error) = await AsAsync(Second, reserve, input: "", member);
        Assert.True(exit == 0, error);
    }

    [Fact]
    public async Task The_sticky_bit_that_keeps_anothers_lease_is_named()
    {
        Require();
        await RunAsync("chown", $"root:{Group}", Root, ConfigPath, Subnets);
        await RunAsync("chmod", "2775", Root);
        await RunAsync("chmod", "3775", Subnets);
        (int exit, string error) = await AsAsync(
            First, "lease", "reserve", "10.244.1.0/24", "--public-ip", "192.0.2.1");
        Assert.True(exit == 0, error);

        (exit, error) = await AsAsync(Second, "lease", "remove", "10.244.1.0/24");

        Assert.NotEqual(0, exit);
        Assert.EndsWith(
            $"{Subnets} belongs to user 0, group {Group} and has mode 3775: by its sticky bit only a file's owner, the "
                + "directory's owner (user 0) or root may remove or replace a file in it; run as one of them\n",
            error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_full_file_system_space_is_what_is_missing()
    {
        Require();
        const string Fill = "mount -t tmpfs -o size=64k none \"$0\" && printf %s \"$1\" > \"$0/config\" && mkdir "
            + "\"$0/subnets\" && touch \"$0/.lock\" && { cat /dev/zero > \"$0/full\" 2> "
            + "/dev/null; shift; exec \"$@\"; }";
        using Process process = Start(
            string.Empty,
            "unshare", "--mount", "sh", "-c", Fill, Root, Config,
            Executable, "lease", "reserve", "10.244.1.0/24", "--public-ip", "192.0.2.1", "--lease-store", Store);
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.True(process.WaitForExit(s_patience));
        Assert.Equal(1, process.ExitCode);
        Assert.EndsWith(
            $"; free space in the file system of {Root} (df, df -i)\n", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_config_that_is_mounted_by_itself_is_changed_where_it_comes_from()
    {
        Require();
        using Process process = Start(
            """{"Network":"10.244.0.0/15"}""",
            [
                "unshare", "--mount", "sh", "-c", "mount --bind \"$0\" \"$0\" && exec \"$@\"", ConfigPath,
                Executable, "config", "put", "-", "--lease-store", Store,
            ]);
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.True(process.WaitForExit(s_patience));
        Assert.Equal(1, process.ExitCode);
        Assert.EndsWith(
            $"the network config {ConfigPath} cannot be replaced: it is a mount point; change it where it is mounted "
                + "from\n",
            error,
            StringComparison.Ordinal);
        Assert.Equal(Config, await File.ReadAllTextAsync(ConfigPath, TestContext.Current.CancellationToken));
    }

    private static void Require()
    {
        Needs.Root("runs the command as two users");
        Needs.Program("util-linux", "setpriv");
        Needs.Program("util-linux", "unshare");
    }

    private Task<(int Exit, string Error)> AsAsync(string user, params string[] words) =>
        AsAsync(user, words, input: string.Empty);

    private Task<(int Exit, string Error)> AsAsync(
        string user, string command, string verb, string argument, string input) =>
        AsAsync(user, [command, verb, argument], input);

    /// <param name="group">The only one besides the user's own; empty for none.</param>
    private async Task<(int Exit, string Error)> AsAsync(
        string user, string[] words, string input, string group = Group)
    {
        string[] groups = group.Length == 0 ? ["--clear-groups"] : ["--groups", group];
        using Process process = Start(
            input,
            [
                "sh", "-c", "umask 077; exec \"$@\"", "sh",
                "setpriv", "--reuid", user, "--regid", user, .. groups,
                Executable, .. words, "--lease-store", Store,
            ]);
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.True(process.WaitForExit(s_patience), string.Join(' ', words));
        return (process.ExitCode, error);
    }

    // What a reservation has made, apart from the config.
    private async Task<(string Path, UnixFileMode Mode, string Group)[]> MadeAsync()
    {
        var made = new List<(string Path, UnixFileMode Mode, string Group)>();
        foreach (string path in (string[])[LockPath, Subnets, .. Directory.GetFiles(Subnets)])
        {
            made.Add((path, File.GetUnixFileMode(path), (await RunAsync("stat", "-c", "%g", path)).Trim()));
        }

        return [.. made];
    }

    private static async Task<string> RunAsync(params string[] words)
    {
        using Process process = Start(string.Empty, words);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.True(process.WaitForExit(s_patience) && process.ExitCode == 0, string.Join(' ', words));
        return output;
    }

    private static Process Start(string input, params string[] words)
    {
        var start = new ProcessStartInfo(words[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string word in words.AsSpan(1))
        {
            start.ArgumentList.Add(word);
        }

        Process process = Process.Start(start)!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        return process;
    }
}
