using System;
using System.Diagnostics;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using Overlay.Daemon.Start;
using Overlay.Lab;
using Overlay.Operator.Config;
using Xunit;

namespace Overlay.Daemon.Tests.Cli;

public sealed class ConfigCommandTests : CliStore
{
    [Fact]
    public async Task A_check_prints_the_config_as_it_will_be_understood()
    {
        CommandResult result = await Run("config check");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal(
            [
                "Network        10.244.0.0/16",
                "SubnetLen      24",
                "SubnetMin      10.244.1.0",
                "SubnetMax      10.244.255.0",
                "Backend        udp, port 8285",
                "Subnets        255",
            ],
            Lines(result.Output));
    }

    [Fact]
    public async Task A_file_is_checked_without_a_store()
    {
        string file = PutFile("""{"Network":"10.1.0.0/24","SubnetLenght":26,"Backend":{"Type":"udp","Port":8472}}""");

        CommandResult result = await RunWords(["config", "check", file]);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("SubnetLen      26", result.Output, StringComparison.Ordinal);
        Assert.Contains("Subnets        3", result.Output, StringComparison.Ordinal);
        Assert.Equal(
            "overlay: warning: the key 'SubnetLenght' is not known and is ignored; did you mean "
                + "SubnetLen?\n", result.Error);
    }

    [Fact]
    public async Task A_device_without_end_is_refused_instead_of_read_for_ever() =>
        IsRefused(await RunWords(
            ["config", "check", "/dev/zero"]), 1, "/dev/zero is longer than", "so it is no config; name another file");

    [Theory]
    [InlineData("""{"Type":"udp"}""", "udp, port 8285", """{"Type":"udp","Port":8285}""")]
    [InlineData("""{ "Type": "UDP", "port": 1 }""", "UDP, port 1", """{"Type":"UDP","Port":1}""")]
    [InlineData("""{ "Type": "wireguard" }""", "wireguard", """{"Type":"wireguard"}""")]
    [InlineData(
        """{ "Type": "wireguard", "VNI": 7, "Later": [1, null] }""",
        """{"Type":"wireguard","VNI":7,"Later":[1,null]}""",
        """{"Type":"wireguard","VNI":7,"Later":[1,null]}""")]
    public async Task A_backend_is_shown_with_its_defaults_and_one_that_is_not_ours_as_it_is_given(
        string backend, string line, string json)
    {
        string file = PutFile($$"""{"Network":"10.1.0.0/16","Backend":{{backend}}}""");

        CommandResult inWords = await RunWords(["config", "check", file]);
        CommandResult inJson = await RunWords(["config", "check", file, "--json"]);

        Assert.Contains($"Backend        {line}", Lines(inWords.Output));
        Assert.Contains($"\"Backend\":{json}", inJson.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_option_that_a_backend_does_not_have_is_a_warning()
    {
        string file = PutFile("""{"Network":"10.1.0.0/16","Backend":{"Type":"udp","Prot":1}}""");

        Assert.Equal(
            "overlay: warning: the key 'Prot' in Backend is not known and is ignored; did you mean Port?\n",
            (await RunWords(["config", "check", file])).Error);
    }

    [Fact]
    public async Task An_option_that_is_not_valid_is_a_problem_beside_the_others()
    {
        string file = PutFile("""{"Network":"10.1.0.0/16","SubnetMin":"10.2.0.0","Backend":{"Type":"udp","Port":0}}""");

        IsRefused(
            await RunWords(["config", "check", file]), 1,
            $"{file} is not valid: SubnetMin is not in the range of the Network; error decoding UDP backend config: "
                + "Port must be an integer from 1 to 65535, found 0");
        IsRefused(
            await Run($"config put {file}"), 1, "nothing is written: SubnetMin is not", "Port must be an integer");
        Assert.Equal(Config, File.ReadAllText(ConfigPath));
    }

    [Fact]
    public async Task Every_rule_that_is_broken_is_in_one_line()
    {
        string file = PutFile("""{"Network":"10.1.0.0/16","SubnetMin":"10.2.0.0","SubnetMax":"10.1.9.1"}""");

        IsRefused(
            await RunWords(["config", "check", file]), 1,
            $"{file} is not valid: SubnetMin is not in the range of the Network; SubnetMax is not on a SubnetLen "
                + "boundary: 10.1.9.1");
    }

    [Theory]
    [InlineData(
        """{"Network":"10.244.0.0/20"}""",
        "the lease 10.244.30.0/24 of 192.0.2.1 is not allowed by it: outside the Network 10.244.0.0/20")]
    [InlineData(
        """{"Network":"10.244.0.0/16","SubnetLen":25}""",
        "the lease 10.244.30.0/24 of 192.0.2.1 is not allowed by it: SubnetLen is 25")]
    [InlineData("""{"Network":"10.244.0.0/16","SubnetMax":"10.244.20.0"}""",
        "the lease 10.244.30.0/24 of 192.0.2.1 is not allowed by it: outside SubnetMin 10.244.1.0 to SubnetMax "
            + "10.244.20.0")]
    [InlineData(
        """{"Network":"10.244.0.0/16","Backend":{"Type":"wireguard"}}""",
        "overlay run will refuse it: unknown backend type: 'wireguard'")]
    [InlineData(
        """{"Network":"10.244.0.0/16","SubnetMin":"10.244.40.0","SubnetMax":"10.244.20.0"}""",
        "so no host gets a subnet")]
    [InlineData("""{"EnableIPv4":false}""", "overlay run will refuse it: the network config in", "EnableIPv4 is false")]
    public async Task What_will_not_work_as_meant_is_a_warning(string config, params string[] warnings)
    {
        PutLease("10.244.30.0-24", "192.0.2.1", TimeSpan.FromHours(1));
        PutLease("10.245.30.0-24", "192.0.2.1", TimeSpan.FromHours(-1));

        CommandResult result = await Run($"config check {PutFile(config)}");

        Assert.Equal(0, result.ExitCode);
        Assert.All(warnings, warning => Assert.Contains(warning, result.Error, StringComparison.Ordinal));
        Assert.All(
            Lines(result.Error), line => Assert.StartsWith("overlay: warning: ", line, StringComparison.Ordinal));
        Assert.DoesNotContain("10.245.30.0", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_in_json_gives_a_config_that_is_valid_itself()
    {
        var root = JsonElement.Parse((await Run("config check --json")).Output);

        Assert.True(root.GetProperty("valid").GetBoolean());
        Assert.Equal(255, root.GetProperty("subnets").GetInt64());
        Assert.Equal(Store, root.GetProperty("source").GetString());
        Assert.Equal(Completed(Config), Completed(root.GetProperty("config").GetRawText()));
    }

    [Fact]
    public async Task An_invalid_config_in_json_has_its_problems_and_exit_code_1()
    {
        CommandResult result = await RunWords(
            ["config", "check", PutFile("""{"Network":1,"SubnetLen":-1}"""), "--json"]);

        Assert.Equal(1, result.ExitCode);
        var root = JsonElement.Parse(result.Output);
        Assert.False(root.GetProperty("valid").GetBoolean());
        Assert.Equal(2, root.GetProperty("problems").GetArrayLength());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("config").ValueKind);
    }

    [Fact]
    public async Task The_completed_config_has_both_families()
    {
        const string Both = """
            {"EnableIPv6":true,"EnableNFTables":true,"Network":"10.1.0.0/16","IPv6Network":"fc00::/48",
            "Backend":{"Type":"UDP","Port":1}}
            """;

        var root = JsonElement.Parse((await RunWords(["config", "check", PutFile(Both), "--json"])).Output);

        Assert.Equal(Completed(Both), Completed(root.GetProperty("config").GetRawText()));
        Assert.Contains("EnableIPv6 is true", root.GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_prints_it_as_stored_and_as_understood()
    {
        File.WriteAllText(ConfigPath, "{\n\t\"Network\": \"10.244.0.0/16\"\n}\n");

        CommandResult result = await Run("config show");

        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith(
            "{\n    \"Network\": \"10.244.0.0/16\"\n}\n\nNetwork        "
                + "10.244.0.0/16\n", result.Output, StringComparison.Ordinal);
        var root = JsonElement.Parse((await Run("config show --json")).Output);
        Assert.Equal(File.ReadAllText(ConfigPath), root.GetProperty("stored").GetString());
        Assert.Equal(24, root.GetProperty("config").GetProperty("SubnetLen").GetInt32());
    }

    [Fact]
    public async Task Show_prints_a_broken_config_too()
    {
        File.WriteAllText(ConfigPath, "{\"Network\"");

        CommandResult result = await Run("config show");

        Assert.Equal((0, "{\"Network\"\n"), (result.ExitCode, result.Output));
        Assert.StartsWith(
            "overlay: warning: this config is not valid: the config is not valid "
                + "JSON", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_writes_exactly_what_it_was_given_and_says_old_and_new()
    {
        const string New = "{ \"Network\": \"10.7.0.0/16\",\r\n  \"Backend\": {\"Type\":\"udp\"} }\n\n";
        string file = PutFile(New);

        CommandResult result = await Run($"config put {file}");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(ConfigPath));
        Assert.Equal(
            [
                $"old: {Config}",
                "new: { \"Network\": \"10.7.0.0/16\", \"Backend\": {\"Type\":\"udp\"} }",
                $"written to {Store}; hosts that run now read it when they next start",
            ],
            Lines(result.Output));
        Assert.Equal(
            $"{Store} has this config already; nothing is changed\n", (await Run($"config put {file}")).Output);
    }

    [Fact]
    public async Task Put_makes_an_empty_directory_a_store()
    {
        File.Delete(ConfigPath);

        Assert.StartsWith("old: none\n", (await Run($"config put {PutFile(Config)}")).Output, StringComparison.Ordinal);
        Assert.Equal(Config, File.ReadAllText(ConfigPath));
    }

    [Theory]
    [InlineData("{}", "is not valid, nothing is written: please define a correct Network parameter")]
    [InlineData("\uFEFF{\"Network\":\"10.7.0.0/16\"}", "is not valid, nothing is written: the config starts with a "
        + "byte order mark")]
    public async Task Put_refuses_what_is_not_valid(string config, string reason)
    {
        IsRefused(await Run($"config put {PutFile(config)}"), 1, reason);
        Assert.Equal(Config, File.ReadAllText(ConfigPath));
    }

    [Fact]
    public async Task Put_refuses_what_is_not_text_or_not_there()
    {
        string file = Path.Combine(Root, "latin-1");
        File.WriteAllBytes(file, [(byte)'{', 0xE9, (byte)'}']);

        IsRefused(await Run($"config put {file}"), 1, $"{file} is not UTF-8 text");
        IsRefused(await Run($"config put {Root}/nowhere"), 1, $"{Root}/nowhere cannot be read");
        Assert.Equal(Config, File.ReadAllText(ConfigPath));
    }

    [Fact]
    public async Task Put_asks_for_force_when_leases_would_be_lost()
    {
        PutLease("10.244.30.0-24", "192.0.2.1", TimeSpan.FromHours(1));
        string file = PutFile("""{"Network":"10.7.0.0/16"}""");

        CommandResult refused = await Run($"config put {file}");
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Equal(
            [
                "overlay: warning: the lease 10.244.30.0/24 of 192.0.2.1 is not allowed by it: outside the Network "
                    + "10.7.0.0/16",
                $"1 lease is not allowed by {file}, nothing is written; give --force to write it all the same: each "
                    + "of those hosts takes another subnet when it next starts",
            ],
            Lines(refused.Error));
        Assert.Equal(Config, File.ReadAllText(ConfigPath));

        Assert.Equal(0, (await Run($"config put {file} --force")).ExitCode);
        Assert.Equal(File.ReadAllText(file), File.ReadAllText(ConfigPath));
    }

    [Fact]
    public async Task The_real_program_reads_a_config_from_standard_input_and_ends_with_1_when_it_is_wrong()
    {
        using Process program = Start(Executable, "config", "check", "-");
        await program.StandardInput.WriteAsync("{\"Network\":\"10.1.0.0\"}");
        program.StandardInput.Close();
        string error = await program.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await program.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(
            (1, "overlay: standard input is not valid: invalid CIDR address: 10.1.0.0\n"), (program.ExitCode, error));
    }

    [Theory]
    [InlineData("config put --lease-store here FILE", "--lease-store is 'here'; give file:DIR or etcd (see overlay "
        + "config put --help)")]
    [InlineData("lease shw", "'shw' is not a command (see overlay lease --help)")]
    [InlineData("lease", "Required command was not provided (see overlay lease --help)")]
    [InlineData("nonsense", "'nonsense' is not a command (see overlay --help)")]
    public async Task The_real_program_names_the_whole_command_to_ask_for_help(string words, string line)
    {
        using Process program = Start([Executable, .. words.Split(' ')]);
        string error = await program.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await program.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal((2, $"overlay: {line}\n"), (program.ExitCode, error));
    }

    private static (string Key, string Value)[] Completed(string json)
    {
        var verdict = ConfigVerdict.On(json, new BackendRules());
        Assert.NotNull(verdict.Config);
        return [.. CompletedConfig.Of(verdict.Config, verdict.Backend).Values()];
    }

    private string PutFile(string text)
    {
        string file = Path.Combine(Root, $"{Guid.NewGuid():N}");
        File.WriteAllBytes(file, System.Text.Encoding.UTF8.GetBytes(text));
        return file;
    }
}
