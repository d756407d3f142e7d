using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using Xunit;

namespace Overlay.Daemon.Tests.Cli;

/// <summary>What the executable itself adds to its commands: how it refuses and how it fails.</summary>
public sealed class ProgramTests : CliStore
{
    [Fact]
    public async Task A_line_break_in_a_value_does_not_cut_the_remedy_off()
    {
        (int exitCode, string error) = await RunProgramAsync(
            Executable, "run", "--lease-store", Store, "--mtu", "14\n00");

        Assert.Equal((2, "overlay: --mtu is '14?00'; give 576 to 65507 (see overlay run --help)\n"), (exitCode, error));
    }

    // Of options that are compared with others.
    [Theory]
    [InlineData("--trace is 'x'; give an IPv4 address (see overlay doctor --help)", "doctor", "--trace", "x", "--json")]
    [InlineData("--trace is 'x'; give an IPv4 address (see overlay doctor --help)", "doctor", "--fix", "--trace", "x")]
    public async Task A_value_that_an_option_refuses_is_one_line_whatever_it_is_compared_with(
        string line, params string[] words) => Assert.Equal(
        (2, $"overlay: {line}\n"), await RunProgramAsync([Executable, .. words]));

    [Fact]
    public async Task Without_a_verb_and_from_the_environment_it_is_refused_as_run_is_and_a_version_ends_it_well()
    {
        (int exitCode, string error) = await RunProgramAsync(
            "env", "FLANNELD_MTU=9", Executable, "-iface=eth0", "-etcd-prefix=/p");
        Assert.Equal(
            (2, "overlay: --mtu (from FLANNELD_MTU) is '9'; give 576 to 65507 (see overlay run --help)\n"),
            (exitCode, error));

        Assert.Equal((0, ""), await RunProgramAsync(Executable, "-iface=eth0", "--version"));
        Assert.Equal((0, ""), await RunProgramAsync("bash", "-c", "exec -a flanneld \"$0\" -help", Executable));
    }

    [Fact]
    public async Task A_relative_path_in_a_working_directory_that_is_gone_is_one_line()
    {
        (int exitCode, string error) = await RunProgramAsync(
            "sh", "-c", "gone=$(mktemp -d) && cd \"$gone\" && rmdir \"$gone\" && exec \"$@\"", "sh",
            Executable, "lease", "list", "--lease-store", "file:relative");

        Assert.Equal(
            (1, "overlay: the working directory is gone, so a relative path leads nowhere; cd to another and try "
                + "again\n"),
            (exitCode, error));
    }

    [Theory]
    [InlineData("demo", "--hosts", "3")]
    [InlineData("bench", "diff", "old.json", "new.json")]
    public async Task A_command_of_a_program_beside_it_is_refused_with_the_way_to_it(string name, params string[] words)
    {
        (int exitCode, string error) = await RunProgramAsync([Executable, name, .. words]);

        Assert.Equal(2, exitCode);
        Assert.Equal(
            $"overlay: {name} is not in this executable but in a program of its own, overlay-{name}; in a checkout of "
                + $"the sources run: ./overlay {name}\n",
            error);
    }

    [Theory]
    [InlineData(50)]
    [InlineData(255)]
    public async Task Too_few_descriptors_are_one_line_with_the_remedy(int limit)
    {
        (int exitCode, string error) = await RunProgramAsync(
            "sh", "-c", $"ulimit -n {limit} && exec \"$@\"", "sh", Executable, "run", "--lease-store", Store);

        Assert.Equal(
            (1, $"overlay: the limit of open files is {limit}, and overlay needs 256; raise it: ulimit -n 1024, or "
                + "LimitNOFILE=1024 in its unit\n"),
            (exitCode, error));
    }

    [Fact]
    public async Task A_low_soft_limit_is_raised()
    {
        (int exitCode, string error) = await RunProgramAsync(
            "sh", "-c", "ulimit -Sn 50 && exec \"$@\"", "sh", Executable, "lease", "list", "--lease-store", Store);

        Assert.True(exitCode == 0, error);
    }

    [Theory]
    [InlineData(
        "10.244.7.0/24 is reserved for 192.0.2.1", "lease", "reserve", "10.244.7.0/24", "--public-ip", "192.0.2.1")]
    [InlineData("removed junk, which could not be read as a lease", "lease", "remove", "junk")]
    public async Task A_change_that_cannot_be_printed_is_reported_as_done(string done, params string[] words)
    {
        PutText("junk", "?", TimeSpan.FromHours(1));

        (int exitCode, string error) = await RunProgramAsync(
            ["sh", "-c", "exec \"$@\" > /dev/full", "sh", Executable, .. words, "--lease-store", Store]);

        Assert.Equal(1, exitCode);
        Assert.StartsWith("overlay: standard output cannot be written (", error, StringComparison.Ordinal);
        Assert.EndsWith($"), but this is done: {done}\n", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_config_that_is_written_but_cannot_be_printed_is_reported_as_written()
    {
        string file = Path.Combine(Root, "new");
        File.WriteAllText(file, """{"Network":"10.9.0.0/16"}""");

        (int exitCode, string error) = await RunProgramAsync(
            "sh", "-c", "exec \"$@\" > /dev/full", "sh", Executable, "config", "put", file, "--lease-store", Store);

        Assert.Equal(1, exitCode);
        Assert.Contains($"but this is done: written to {Store}", error, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllText(file), File.ReadAllText(ConfigPath));
    }

    private static async Task<(int ExitCode, string Error)> RunProgramAsync(params string[] words)
    {
        using Process program = Start(words);
        program.StandardInput.Close();
        Task<string> output = program.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string error = await program.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await output;
        await program.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (program.ExitCode, error);
    }
}
