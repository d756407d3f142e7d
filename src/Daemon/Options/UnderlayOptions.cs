using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Linq;
using System.Text.RegularExpressions;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Options;

/// <summary>The options that say which interface carries the tunnel's datagrams: flanneld's.</summary>
internal sealed class UnderlayOptions
{
    private const string Interface = "--iface";
    private const string Pattern = "--iface-regex";
    private const string Reach = "--iface-can-reach";
    private const string Public = "--public-ip";

    // As RE2 and the kernel's automata: no backtracking, and nothing that would need it.
    private const RegexOptions Automaton = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    private readonly Option<IReadOnlyList<string>> _interfaces = new(Interface)
    {
        Description = "underlay interface, by name or by one of its IPv4 addresses; may be given several times, the "
            + "first that is there is taken [default: the default route's]",
        HelpName = "NAME|IP",
        Arity = ArgumentArity.OneOrMore,
        DefaultValueFactory = _ => [],
        CustomParser = Each(
            text => string.IsNullOrWhiteSpace(text)
                ? throw new FormatException($"{Interface} is '{text}'; give an interface's name or address")
                : text),
    };

    private readonly Option<IReadOnlyList<Regex>> _patterns = new(Pattern)
    {
        Description = "regular expression (RE2) for the address or else the name of the underlay interface; may be "
            + "given several times, tried after every --iface",
        HelpName = "REGEX",
        Arity = ArgumentArity.OneOrMore,
        DefaultValueFactory = _ => [],
        CustomParser = Each(Compile),
    };

    private readonly Option<Ipv4Address?> _canReach = AddressOption(
        Reach, "take the interface by which this address is reached; tried last");

    private readonly Option<Ipv4Address?> _publicIp = AddressOption(
        Public, "address that other hosts send to [default: the interface's]; without any --iface option it has to be "
            + "an interface's");

    /// <summary>Gives the options to a command.</summary>
    internal void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_interfaces, _patterns, _canReach, _publicIp])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>What the options amount to.</summary>
    internal UnderlayRequest Read(ParseResult parsed) => new(
        parsed.GetRequiredValue(_interfaces),
        parsed.GetRequiredValue(_patterns),
        parsed.GetValue(_canReach),
        parsed.GetValue(_publicIp));

    private static Option<Ipv4Address?> AddressOption(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "IP",
        CustomParser = OptionParser.Of<Ipv4Address?>(
            name, text => Ipv4Address.TryParse(text, out Ipv4Address address) ? address : null, "an IPv4 address"),
    };

    private static Func<ArgumentResult, IReadOnlyList<T>> Each<T>(Func<string, T> parse) => result =>
    {
        try
        {
            return [.. result.Tokens.Select(token => parse(token.Value))];
        }
        catch (FormatException problem)
        {
            result.AddError(problem.Message);
            return [];
        }
    };

    /// <exception cref="FormatException">It is no expression, or both syntaxes read it differently.</exception>
    private static Regex Compile(string text)
    {
        string? problem = text.Length == 0 ? "it is empty"
            : text.Contains("[:", StringComparison.Ordinal) ? @"classes such as [:digit:] are not taken; write \d"
            : text.Contains("-[", StringComparison.Ordinal) ? @"write the [ of a class as \["
            : null;
        try
        {
            return problem is null ? new Regex(text, Automaton) : throw new FormatException(Refusal(text, problem));
        }
        catch (Exception refused) when (refused is ArgumentException or NotSupportedException)
        {
            // .NET repeats the expression before it says what is wrong with it.
            string reason = refused is RegexParseException ? refused.Message[(refused.Message.IndexOf(
                "' at ", StringComparison.Ordinal) + 2)..] : refused.Message;
            throw new FormatException(Refusal(text, reason.TrimEnd('.')), refused);
        }
    }

    private static string Refusal(string text, string reason) =>
        $"could not compile the IP address regex '{text}': {reason} ({Pattern} takes RE2 syntax without look-around, "
        + "back-references and named classes)";
}
