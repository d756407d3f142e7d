using System.CommandLine;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Terminal;

namespace Overlay.Daemon.Options;

/// <summary>The options of <c>overlay run</c> that say how the log is written.</summary>
internal sealed class LogOptions
{
    private const int MostVerbose = 10; // stock's -v goes so far

    private readonly Option<LogFormat> _format = new("--log-format")
    {
        Description = "text: time, level, text; json: an object a line; klog: as stock flannel's lines begin",
        HelpName = "text|json|klog",
        DefaultValueFactory = _ => LogFormat.Text,
        CustomParser = OptionParser.Choice<LogFormat>("--log-format"),
    };

    private readonly Option<LogLevel?> _level = new("--log-level")
    {
        Description = "the least that is written; overlay log-level changes it at run time [default: info]",
        HelpName = string.Join('|', LogLevels.Names),
        CustomParser = OptionParser.Of<LogLevel?>(
            "--log-level", text => LogLevels.Parse(text), string.Join(" or ", LogLevels.Names)),
    };

    private readonly Option<int?> _verbosity = new("--v", "-v")
    {
        Description = $"stock's verbosity, 0 to {MostVerbose}: more than 0 is --log-level debug",
        HelpName = "N",
        CustomParser = OptionParser.Number("--v", 0, MostVerbose),
    };

    /// <summary>Adds them to a command.</summary>
    internal void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _format, _level, _verbosity })
        {
            command.Add(option);
        }
    }

    /// <summary>Reads them. A level that is given goes before a verbosity.</summary>
    internal LogChoice Read(ParseResult parsed) => new(
        parsed.GetValue(_format),
        parsed.GetValue(_level)
            ?? (parsed.GetValue(_verbosity) > 0 ? LogLevel.Debug : LogLevel.Information));
}
