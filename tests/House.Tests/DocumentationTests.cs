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
using Overlay.Daemon.Metrics;
using Overlay.Demo;
using Overlay.Doctor;
using Overlay.Health;
using Overlay.Lab.Faults;
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
    public void The_documented_counters_of_a_peer_are_those_of_the_report() => Assert.Equal(
        typeof(PeerReport).GetProperties().Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)),
        Rows(Repository.Read("docs/metrics.md"), "## Peers").Select(row => row.Name));

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
                .Select(line => Regex.Match(line, @"^\| `(--[a-z0-9_-]+)"))
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
    public void The_documented_health_codes_are_those_of_the_code() => Assert.Equal(
        HealthCodes.All.Select(code => string.Join(
            " | ",
            $"| `{code.Name}`",
            code.Severity.ToString().ToLowerInvariant(),
            code.Breaks,
            code.DependsOn.Count == 0 ? "–" : string.Join(", ", code.DependsOn.Select(cause => $"`{cause}`")),
            $"{code.TimeToVisible.TotalSeconds:0} s",
            code.EndsReadiness ? "lost" : "kept",
            $"{code.Remedy} |")),
        Repository.Read("docs/health.md").Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal)));

    [Fact]
    public void The_documented_rows_of_the_doctor_are_those_of_its_checks() => Assert.Equal(
        AllChecks.List.SelectMany(check => check.Rows).Select(row => string.Join(
            " | ",
            $"| {row.Id}",
            $"`{row.Code}`",
            row.Severity.ToString().ToLowerInvariant(),
            row.What,
            $"{row.Source} |")),
        Repository.Read("docs/doctor.md").Split('\n')
            .SkipWhile(line => line != "## Looked for").Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.Contains("| `", StringComparison.Ordinal)));

    [Fact]
    public void Each_way_to_fail_that_is_known_is_looked_for_or_stands_in_the_doctors_page_with_the_reason()
    {
        (char Letter, int Count)[] known =
            [('H', 13), ('U', 13), ('R', 11), ('W', 16), ('M', 16), ('L', 22), ('N', 11), ('S', 6)];
        IEnumerable<string[]> unlooked = Section(Repository.Read("docs/doctor.md"), "## Not looked for")
            .Where(line => Regex.IsMatch(line, "^\\| [A-Z][0-9]+ "))
            .Select(line => line.Trim('|', ' ').Split(" | "));
        Assert.All(unlooked, row => Assert.True(row is [_, { Length: > 0 }, { Length: > 20 }], string.Join('|', row)));
        Assert.Equal(
            known.SelectMany(each => Enumerable.Range(1, each.Count).Select(number => $"{each.Letter}{number}"))
                .Order(),
            AllChecks.List.SelectMany(check => check.Rows).Select(row => row.Id)
                .Concat(unlooked.Select(row => row[0])).Order());
    }

    [Fact]
    public void Every_row_of_the_doctor_has_a_fault_in_the_lab() => Assert.Empty(
        AllChecks.List.SelectMany(check => check.Rows).Select(row => row.Id)
            .Except(LabFaults.All.Select(fault => fault.Row)));

    [Fact]
    public void The_documented_events_are_the_lines_of_the_log() => Assert.Equal(
        typeof(DaemonLog).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(
                BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => (Method: method, Line: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(each => each.Line is not null)
            .Select(each => string.Join(
                " | ",
                $"| `{DaemonLog.SnakeCase(each.Line!.EventName ?? each.Method.Name)}`",
                LogLevels.Name(each.Line.Level),
                $"{each.Line.Message} |"))
            .Order(StringComparer.Ordinal),
        Repository.Read("docs/events.md").Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal));

    [Fact]
    public void Every_health_code_of_the_source_is_in_the_catalogue() => Assert.Equal(
        typeof(HealthCodes).GetFields(BindingFlags.Static | BindingFlags.Public)
            .Select(field => field.GetValue(null)).OfType<HealthCode>().Select(code => code.Name),
        HealthCodes.All.Select(code => code.Name));

    [Fact]
    public void Every_health_code_is_named_in_a_test()
    {
        string tests = string.Concat(Directory.EnumerateFiles(
                Path.Combine(Repository.Root, "tests"), "*.cs", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) is not ("HealthBoardTests.cs" or "HttpEndpointTests.cs"))
            .Select(File.ReadAllText));
        Assert.DoesNotContain(
            typeof(HealthCodes).GetFields(BindingFlags.Static | BindingFlags.Public),
            field => field.GetValue(null) is HealthCode code
                && !tests.Contains($"\"{code.Name}", StringComparison.Ordinal)
                && !Regex.IsMatch(tests, $@"\bHealthCodes\.{field.Name}\b"));
    }

    [Fact]
    public void The_documented_metrics_are_those_of_the_code() => Assert.Equal(
        MetricNames.All.Select(metric => string.Join(
            " | ",
            $"| `{metric.Name}`",
            metric.Kind.ToString().ToLowerInvariant(),
            metric.Labels.Length == 0 ? "–" : string.Join(", ", metric.Labels.Select(label => $"`{label}`")),
            $"{metric.Help} |")),
        Section(Repository.Read("docs/metrics.md"), "## Prometheus")
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal)));

    [Fact]
    public void Every_metric_of_the_source_is_in_the_catalogue() => Assert.Equal(
        typeof(MetricNames).GetFields(BindingFlags.Static | BindingFlags.NonPublic)
            .Select(field => field.GetValue(null))
            .SelectMany(value => value is StoreMetrics store ? store.All : value is Metric metric ? [metric] : []),
        MetricNames.All);

    [Fact]
    public void Every_query_of_the_dashboard_names_metrics_and_labels_that_there_are()
    {
        using var dashboard = JsonDocument.Parse(Repository.Read("dist/grafana/overlay.json"));
        string[] queries = [.. dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!)];
        Assert.NotEmpty(queries);
        string[] names = [.. queries.SelectMany(query => Regex.Matches(query, @"\b[a-z_]+(?=\{)"))
            .Select(name => name.Value)];
        Assert.True(names.Length >= queries.Length);
        Assert.Empty(names.Except(MetricNames.All.SelectMany(SeriesOf)));
        string[] labels = [.. queries.SelectMany(query => Regex.Matches(query, @"by \(([^)]*)\)"))
            .SelectMany(list => list.Groups[1].Value.Split(", "))];
        Assert.Empty(labels.Except(MetricNames.All.SelectMany(metric => metric.Labels)).Except(["instance", "le"]));
    }

    [Fact]
    public void Every_alert_names_metrics_labels_and_health_codes_that_there_are_and_is_documented()
    {
        string[] alerts = [.. Repository.Read("dist/prometheus/overlay.rules.yml").Split("- alert: ").Skip(1)];
        Assert.NotEmpty(alerts);
        string[] series = [.. MetricNames.All.SelectMany(SeriesOf)];
        string[] labels = [.. MetricNames.All.SelectMany(metric => metric.Labels), "instance", "job"];
        Assert.All(alerts, alert =>
        {
            string expression = Regex.Match(alert, "expr: (.*)").Groups[1].Value;
            string[] named = [.. Regex.Matches(expression, @"\b[a-z]+(_[a-z]+)+\b(?!""|=)")
                .Select(match => match.Value)];
            Assert.NotEmpty(named.Intersect(series));
            Assert.Empty(named.Except(series).Except(DropReasons.All.Select(reason => reason.Name())));
            Assert.Empty(Regex.Matches(expression, "([a-z_]+)=~?\"").Concat(
                    Regex.Matches(alert, @"\$labels\.([a-z_]+)"))
                .Select(match => match.Groups[1].Value).Except(labels));
            foreach (Match code in Regex.Matches(alert, "health: ([a-z-]+)"))
            {
                Assert.Contains(code.Groups[1].Value, HealthCodes.All.Select(each => each.Name));
            }

            Assert.Matches(@"description: "".*\. Type: [a-z]", alert);
        });
        Assert.Equal(
            alerts.Select(alert => string.Join(
                " | ",
                $"| `{alert.Split('\n')[0]}`",
                Regex.Match(alert, "severity: ([a-z]+)\n").Groups[1].Value,
                Regex.Match(alert, "health: ([a-z-]+)") is { Success: true } code ? $"`{code.Groups[1].Value}`" : "–",
                Regex.Match(alert, " for: ([0-9]+m)") is { Success: true } time ? time.Groups[1].Value : "at once")
                + " |"),
            Section(Repository.Read("docs/metrics.md"), "## Alerts")
                .Where(line => line.StartsWith("| `", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_event_has_a_name_in_snake_case_of_its_own()
    {
        string[] names = [.. typeof(Log).GetMethods(BindingFlags.Static | BindingFlags.NonPublic)
            .Where(method => method.GetCustomAttribute<LoggerMessageAttribute>() is not null)
            .Select(method => DaemonLog.SnakeCase(
                method.GetCustomAttribute<LoggerMessageAttribute>()!.EventName ?? method.Name))];
        Assert.Equal(names.Distinct(), names);
        Assert.All(names, name => Assert.Matches("^[a-z0-9_]+$", name));
    }

    [Fact]
    public void No_placeholder_of_a_line_is_named_like_a_key_that_every_line_has_as_json()
    {
        string[] keys = ["ts", "level", "event", "id", "msg", "repeated"];
        string[] names = [.. typeof(Log).GetMethods(BindingFlags.Static | BindingFlags.NonPublic)
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()?.Message)
            .OfType<string>()
            .SelectMany(message => Regex.Matches(message, @"\{(\w+)"))
            .Select(match => DaemonLog.SnakeCase(match.Groups[1].Value))];
        Assert.NotEmpty(names);
        Assert.Empty(names.Intersect(keys));
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

    private static string[] SeriesOf(Metric metric) => metric.Kind == MetricKind.Histogram
        ? [$"{metric.Name}_bucket", $"{metric.Name}_sum", $"{metric.Name}_count"]
        : [metric.Name];

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
