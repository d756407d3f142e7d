using System.CommandLine;
using Overlay.Capture.Filters;

namespace Overlay.Diagnosis.Decode;

/// <summary>The filter at the end of a command line, of as many words as it has.</summary>
internal sealed class FilterArgument
{
    private readonly Argument<string[]> _words = new("FILTER")
    {
        Description = "which packets: tcpdump's words, and inner or outer before a primitive",
        Arity = ArgumentArity.ZeroOrMore,
    };

    /// <summary>Adds it to a command, which refuses what is none.</summary>
    internal void AddTo(Command command)
    {
        command.Arguments.Add(_words);
        command.Validators.Add(result =>
        {
            try
            {
                _ = PacketFilter.Compile(Joined(result.GetValue(_words)));
            }
            catch (FilterSyntaxException problem)
            {
                result.AddError(problem.Message);
            }
        });
    }

    /// <summary>Its words with blanks between them; empty for none.</summary>
    internal string Read(ParseResult parsed) => Joined(parsed.GetValue(_words));

    private static string Joined(string[]? words) => string.Join(' ', words ?? []);
}
