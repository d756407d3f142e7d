using System;
using System.IO;
using Overlay.Daemon.Metrics;
using Overlay.Lab;
using Overlay.Testing;
using Xunit;

namespace Overlay.Daemon.Tests.Metrics;

public sealed class MetricsTextTests
{
    [Fact]
    public void A_metric_has_its_help_once_and_its_labels_escaped()
    {
        var text = new MetricsText();
        text.Add(MetricNames.Ready, 1);
        text.Add(MetricNames.HostRepairs, 2, "route");
        text.Add(MetricNames.HostRepairs, 0.5, "a\"b\\c\nd");
        Assert.Equal(
            """
            # HELP overlay_ready Whether the host can take pods' packets, as /readyz says.
            # TYPE overlay_ready gauge
            overlay_ready 1
            # HELP overlay_host_repairs_total What was put back on the host after others had taken it.
            # TYPE overlay_host_repairs_total counter
            overlay_host_repairs_total{object="route"} 2
            overlay_host_repairs_total{object="a\"b\\c\nd"} 0.5

            """,
            text.ToString());
        Assert.Throws<ArgumentException>(() => text.Add(MetricNames.HostRepairs, 1));
    }

    [Fact]
    public void Promtool_accepts_every_metric_there_is()
    {
        Needs.Program("prometheus", "promtool");
        var text = new MetricsText();
        foreach (Metric metric in MetricNames.All)
        {
            string[] labels = new string[metric.Labels.Length];
            Array.Fill(labels, "x");
            if (metric.Kind == MetricKind.Histogram)
            {
                text.AddHistogram(metric, [1, 2], [3, 2, 1], 9, labels);
            }
            else
            {
                text.Add(metric, 1, labels);
            }
        }

        CommandResult result = ChildCommand.Run(["promtool", "check", "metrics"], text.ToString());
        Assert.Equal((0, "", ""), (result.ExitCode, result.Output, result.Error));
    }

    [Fact]
    public void Promtool_accepts_the_alerts()
    {
        Needs.Program("prometheus", "promtool");
        CommandResult result = ChildCommand.Run(
            ["promtool", "check", "rules", Path.Combine(Repository.Root, "dist/prometheus/overlay.rules.yml")]);
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
    }
}
