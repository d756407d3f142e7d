using System.CommandLine;
using System.IO;
using Overlay.Bench.Reports;
using Overlay.Bench.Reports.Page;
using Overlay.Bench.Results;
using Overlay.Terminal;

namespace Overlay.Bench;

/// <summary><c>overlay bench show</c>: a run that was kept, in another form.</summary>
internal static class BenchShowCommand
{
    /// <summary>The command, to be added to <c>overlay bench</c>.</summary>
    internal static Command Create()
    {
        var file = new Argument<string>("RUN.json") { Description = "What overlay bench --json wrote." };
        var csv = new Option<bool>("--csv") { Description = "Print a row for each sample." };
        var markdown = new Option<bool>("--markdown") { Description = "Print the headline table in Markdown." };
        var html = new Option<string?>("--html")
        {
            Description = "Write the page with the charts, and print nothing.",
            HelpName = "FILE",
            CustomParser = OptionParser.Path("--html"),
        };
        var show = new Command(
            "show", "Show a run that was kept: as a table, or in another form.") { file, csv, markdown, html };
        show.Validators.Add(result =>
        {
            int forms = (result.GetResult(csv) is { Implicit: false } ? 1 : 0)
                + (result.GetResult(markdown) is { Implicit: false } ? 1 : 0)
                + (result.GetResult(html) is { Implicit: false } ? 1 : 0);
            if (forms > 1)
            {
                result.AddError("several of --csv, --markdown and --html are given; give one of them");
            }
        });
        show.SetAction(parsed =>
        {
            BenchReport report = BenchJson.ReadFile(parsed.GetRequiredValue(file));
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(html) is { } page)
            {
                using var target = PageFile.Open(page);
                target?.Write(BenchHtml.Write(report));
                target?.PutInPlace();
            }
            else
            {
                output.Write(
                    parsed.GetValue(csv) ? BenchCsv.Write(report)
                    : parsed.GetValue(markdown) ? BenchMarkdown.Headline(report)
                    : BenchTable.Write(report, output));
                output.Flush();
            }

            return ExitCode.Success;
        });
        return show;
    }
}
