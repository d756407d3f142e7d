using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Overlay.Daemon.Commands;
using Overlay.Terminal;
using Overlay.Testing;
using Xunit;

namespace Overlay.House.Tests;

/// <summary>What runs the daemon elsewhere names options, files and endpoints that there are.</summary>
public sealed class DistributionTests
{
    private const string Manifest = "dist/kubernetes/overlay.yaml";
    private const string EtcdManifest = "dist/kubernetes/overlay-etcd.yaml";

    private const string Page = "docs/install.md";

    private static readonly string[] s_files =
    [
        "dist/systemd/overlay.service", "dist/systemd/overlay.default", "dist/container/Containerfile", Manifest,
        EtcdManifest, Page,
    ];

    [Fact]
    public void Every_option_and_variable_is_one_of_the_daemons()
    {
        string[] options = [.. CommandTree.Create().Subcommands
            .Single(command => command.Name == "run").Options.Select(option => option.Name)];
        int count = 0;
        foreach (string file in s_files)
        {
            // On lines that call other programs nothing is the daemon's.
            string text = Repository.Read(file);
            string[] named = [.. text.Split('\n')
                .Where(line => !Regex.IsMatch(line, "apt-get|kubectl|docker|kube-"))
                .SelectMany(line => Regex.Matches(line, "(?<![A-Za-z0-9-])--[a-z][a-z_-]*"))
                .Select(match => match.Value)
                .Except(["--now"])];
            string[] variables = [.. Regex.Matches(text, "FLANNELD_[A-Z_]*[A-Z](?!_)\\b").Select(match => match.Value)
                .Select(name => $"--{name["FLANNELD_".Length..].ToLowerInvariant().Replace('_', '-')}")];
            string[] unknown = [.. named.Concat(variables).Except(options)];
            Assert.True(unknown.Length == 0, $"{file} has {string.Join(' ', unknown)}");
            count += named.Length + variables.Length;
        }

        Assert.True(count > s_files.Length);
    }

    [Theory]
    [InlineData(Manifest)]
    [InlineData(EtcdManifest)]
    public void What_a_manifest_starts_is_parsed_as_the_daemon_parses_it(string file)
    {
        string manifest = Repository.Read(file);
        string[] words = [.. manifest.Split("        args:\n")[1].Split("        env:\n")[0]
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim()[2..])];
        var variables = Regex.Matches(
            manifest, "^        - name: (FLANNELD_[A-Z_]+)", RegexOptions.Multiline)
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[1].Value switch
            {
                "FLANNELD_IFACE" => "192.0.2.1",
                "FLANNELD_ETCD_ENDPOINTS" => "http://10.0.0.2:2379",
                string other => throw new InvalidOperationException($"{file} has {other}"),
            });
        RootCommand root = CommandTree.Create();
        var line = FlanneldCommandLine.Read(root, "overlay", words, variables);
        Assert.Empty(root.Parse(line.Words, CommandProgram.Parsing).Errors.Select(error => error.Message));
        Assert.Equal("run", line.Words[0]);
        Assert.Contains("--healthz-port=8081", line.Words);
    }

    [Theory]
    [InlineData(Manifest)]
    [InlineData(EtcdManifest)]
    public void The_manifest_asks_endpoints_and_ports_that_there_are_and_is_not_privileged(string file)
    {
        string manifest = Repository.Read(file);
        string endpoints = Repository.Read("docs/cli.md").Split("### Endpoints")[1];
        string[] paths = [.. Regex.Matches(manifest, @"path: (/[a-z]+z)$", RegexOptions.Multiline)
            .Select(match => match.Groups[1].Value)];
        Assert.Equal(["/healthz", "/readyz"], paths);
        Assert.All(paths, path => Assert.Contains($"| `{path}` |", endpoints, StringComparison.Ordinal));
        Assert.Equal(
            Regex.Match(manifest, "--healthz-port=([0-9]+)").Groups[1].Value,
            Regex.Match(manifest, "containerPort: ([0-9]+)").Groups[1].Value);

        Assert.Contains("privileged: false", manifest, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(manifest, @"add: \["));
        Assert.Contains("add: [\"NET_ADMIN\", \"NET_RAW\"]", manifest, StringComparison.Ordinal);

        // Each volume that is mounted is there, and the reverse.
        string[] halves = manifest.Split("\n      volumes:\n");
        Assert.Equal(
            Regex.Matches(halves[1], "^      - name: (.+)$", RegexOptions.Multiline)
                .Select(match => match.Groups[1].Value).Order(),
            Regex.Matches(halves[0], "^        - name: (.+)\n          mountPath", RegexOptions.Multiline)
                .Select(match => match.Groups[1].Value).Distinct().Order());
    }

    [Fact]
    public void The_files_of_the_package_and_of_the_page_exist()
    {
        string[] files = [.. Regex.Matches(Repository.Read("eng/package.sh"), "\"\\$root/([A-Za-z_./-]+)\"")
            .Concat(Regex.Matches(Repository.Read(Page), "(dist/[A-Za-z/.-]+[A-Za-z])"))
            .Select(match => match.Groups[1].Value)];
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.True(File.Exists(Path.Combine(Repository.Root, file)), file));
    }
}
