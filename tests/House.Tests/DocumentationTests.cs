using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.Extensions.Logging;
using Overlay.Bench;
using Overlay.Control;
using Overlay.Daemon.Commands;
using Overlay.Daemon.Logging;
using Overlay.Demo;
using Overlay.Router.Counters;
using Overlay.Router.Metering;
using Overlay.Router.Workers;
using Overlay.Testing;
using Xunit;

namespace Overlay.House.Tests;

public sealed class DocumentationTests
{

    [Fact]
    public void The_documented_drop_reasons_events_accelerations_and_metered_calls_are_those_of_the_code()
    {
        string documentation = Repository.Read("docs/metrics.md");
        var comments = XDocument.Load(Path.Combine(AppContext.BaseDirectory, "Overlay.Router.xml"));
        Assert.Equal(
            DropReasons.All.Select(reason => (reason.Name(), Sentence(comments, reason))),
            Rows(documentation, "## Drop reasons"));
        Assert.Equal(
            CountedEvents.All.Select(countedEvent => (countedEvent.Name(), Sentence(comments, countedEvent))),
            Rows(documentation, "## Events"));
        Assert.Equal(
            Accelerations.All.Select(
                acceleration => (Accelerations.Name(acceleration), Sentence(comments, acceleration))),
            Rows(documentation, "## Accelerations"));
        Assert.Equal(
            MeteredCalls.All.Select(call => (call.Name(), Sentence(comments, call))),
            Rows(documentation, "## Meter"));
    }

    [Fact]
    public void The_documented_counters_of_the_kernel_are_those_of_the_report() => Assert.Equal(
        typeof(KernelReport).GetProperties().Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)),
        Rows(Repository.Read("docs/metrics.md"), "## Kernel").Select(row => row.Name));

    [Fact]
    public void The_documented_counters_of_the_kernel_path_are_those_of_the_report() => Assert.Equal(
        typeof(KernelPathReport).GetProperties().Select(
            property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)),
        Rows(Repository.Read("docs/metrics.md"), "## Kernel path").Select(row => row.Name));

    [Fact]
    public void The_documented_counters_of_a_fallback_are_those_of_the_report() => Assert.Equal(
        typeof(FallbackReport).GetProperties().Select(
            property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)),
        Rows(Repository.Read("docs/metrics.md"), "## Fallback").Select(row => row.Name));

    [Fact]
    public void The_documented_options_are_those_of_each_command()
    {
        string documentation = Repository.Read("docs/cli.md");
        foreach ((string heading, Command command) in Commands("##", "overlay", All()))
        {
            // A subcommand's heading is one level below its command's, and ends what belongs to the command itself.
            string[] documented = [.. Section(documentation, heading)
                .TakeWhile(line => !line.StartsWith("###", StringComparison.Ordinal))
                .Select(line => Regex.Match(line, @"^\| `(--[a-z-]+)"))
                .Where(match => match.Success)
                .Select(match => match.Groups[1].Value)
                .Order(StringComparer.Ordinal)];
            Assert.Equal(command.Options.Select(option => option.Name).Order(StringComparer.Ordinal), documented);
        }
    }

    [Theory]
    [InlineData("docs/architecture.md")]
    [InlineData("README.md")]
    public void Every_file_that_a_page_names_exists(string page)
    {
        string[] files = [.. Regex.Matches(Repository.Read(page), @"[A-Za-z.]+/[A-Za-z./]+\.(cs|md|sh|csproj)")
            .Select(match => match.Value)];
        Assert.NotEmpty(files);
        Assert.DoesNotContain(
            files, file => !File.Exists(Path.Combine(Repository.Root, file))
                && !File.Exists(Path.Combine(Repository.Root, "src", file)));
    }

    [Fact]
    public void Every_test_that_compatibility_names_exists()
    {
        string sources = string.Concat(Directory
            .EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*.cs", SearchOption.AllDirectories)
            .Select(File.ReadAllText));
        string[] rows = [.. Repository.Read("docs/compatibility.md").Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal)
                && !line.EndsWith("| test |", StringComparison.Ordinal))];
        Assert.NotEmpty(rows);
        foreach (string row in rows)
        {
            string cell = row.Split('|')[^2];
            MatchCollection tests = Regex.Matches(cell, @"`([A-Z][A-Za-z0-9]+Tests)(?:\.([A-Za-z_0-9]+)(…?))?`");
            Assert.True(
                tests.Count > 0 && tests.Count == cell.Count(letter => letter == '`') / 2,
                $"no test, or one that is not CLASS.METHOD: {row}");
            foreach (Match test in tests)
            {
                bool isWhole = test.Groups[3].Length == 0 && test.Groups[2].Length > 0;
                string method = test.Groups[2].Value + (isWhole ? "(" : string.Empty);
                Assert.Contains($"class {test.Groups[1].Value}", sources, StringComparison.Ordinal);
                Assert.Contains(method, sources, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Log_event_ids_are_unique()
    {
        int[] ids = [.. typeof(Log).GetMethods(BindingFlags.Static | BindingFlags.NonPublic)
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId)
            .OfType<int>()];
        Assert.NotEmpty(ids);
        Assert.Equal(ids.Distinct(), ids);
    }

    // As ./overlay puts its programs together: what the daemon's only lists is in another.
    private static RootCommand All()
    {
        Command[] beside = [DemoCommand.Create(), BenchCommand.Create()];
        RootCommand daemon = CommandTree.Create();
        Assert.All(beside, command => Assert.Single(daemon.Subcommands, listed => listed.Name == command.Name));
        var all = new RootCommand();
        foreach (Command command in daemon.Subcommands.Where(
            listed => !beside.Any(command => command.Name == listed.Name)).Concat(beside))
        {
            all.Add(command);
        }

        return all;
    }

    private static IEnumerable<(string Heading, Command Command)> Commands(string level, string path, Command parent) =>
        parent.Subcommands.SelectMany(command => Commands(level + "#", $"{path} {command.Name}", command)
            .Prepend(($"{level} {path} {command.Name}", command)));

    private static string Sentence<T>(XDocument comments, T member)
        where T : struct, Enum
    {
        string name = $"F:{typeof(T).FullName}.{member}";
        string summary = comments.Descendants("member").Single(
            comment => comment.Attribute("name")!.Value == name).Element("summary")!.Value.Trim();
        // the page has a column for it
        string sentence = Regex.Replace(Regex.Replace(summary, @"\s+", " "), "^(Outbound|Inbound): ", string.Empty);
        return char.ToUpperInvariant(sentence[0]) + sentence[1..];
    }

    private static IEnumerable<(string Name, string Sentence)> Rows(string page, string heading) =>
        Section(page, heading)
        .Select(line => Regex.Match(line, @"^\| `([a-zA-Z_0-9]+)` \| (?:(?:both|inbound|outbound) \| )?([^|]*) \|$"))
        .Where(match => match.Success)
        .Select(match => (match.Groups[1].Value, match.Groups[2].Value));

    private static IEnumerable<string> Section(string page, string heading) => page.Split('\n')
        .SkipWhile(line => line != heading)
        .Skip(1)
        .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal));
}
