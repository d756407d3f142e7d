using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Text.RegularExpressions;

namespace Overlay.Daemon.Commands;

/// <summary>
/// A command line and an environment as flanneld takes them, made into words of this program's own grammar, so that
/// old unit files and manifests work.
/// </summary>
/// <remarks>
/// flanneld has no verb, and reads flags as Go's package flag does: one dash or two, <c>-name value</c> or
/// <c>-name=value</c>, a switch only as <c>-name</c> or <c>-name=VALUE</c>, and the last of several wins. The words of
/// <c>run</c> are read so, with or without the verb; those of the other commands pass unchanged.
/// </remarks>
internal sealed class FlanneldCommandLine
{
    /// <summary>A program that is started by this name is flanneld: without a verb it runs.</summary>
    internal const string FlanneldName = "flanneld";

    private const string Verb = "run";
    private const string True = "true";
    private const string False = "false";

    // What Go reads as a switch's value (strconv.ParseBool).
    private static readonly string[] s_true = ["1", "t", "T", True, "TRUE", "True"];
    private static readonly string[] s_false = ["0", "f", "F", False, "FALSE", "False"];

    private static readonly string[] s_help = ["h", "help", "?"];

    // An empty value of these is flanneld's default, which is none.
    private static readonly string[] s_emptyByDefault =
    [
        "--etcd-keyfile", "--etcd-certfile", "--etcd-cafile", "--etcd-username", "--etcd-password", "--iface-can-reach",
        "--public-ip", "--public-ipv6", "--kube-api-url", "--kubeconfig-file", "--vmodule", "--log_backtrace_at",
    ];

    private readonly Command _run;
    private readonly Dictionary<Option, string> _variables = []; // the one whose value an option has
    private readonly List<(Option Option, string? Word)> _given = []; // no word: given, and given nothing
    private readonly List<string> _others = []; // words that are no option of run: for the parser to refuse

    private string? _problem; // with a switch, in clearer words than the parser has

    private FlanneldCommandLine(Command run) => _run = run;

    /// <summary>The words to be parsed.</summary>
    internal IReadOnlyList<string> Words { get; private set; } = [];

    /// <summary>Reads what a process was started with.</summary>
    /// <param name="root">The commands of this program.</param>
    /// <param name="program">The name it was started by, without directories.</param>
    /// <param name="words">Its arguments.</param>
    /// <param name="environment">Its environment.</param>
    internal static FlanneldCommandLine Read(
        Command root,
        string program,
        IReadOnlyList<string> words,
        IReadOnlyDictionary<string, string> environment)
    {
        var line = new FlanneldCommandLine(root.Subcommands.Single(command => command.Name == Verb));
        bool isFlanneld = program == FlanneldName;
        line.Words = words switch
        {
            [Verb, ..] => line.WordsOfRun([.. words.Skip(1)], environment),
            [var verb, ..] when root.Subcommands.Any(command => command.Name == verb) => words,
            _ when isFlanneld => line.WordsOfRun(words, environment),
            [] when !FlanneldVariables.Given(line._run.Options, environment).Any() => words,
            [] => line.WordsOfRun(words, environment),
            [var only] when IsHelp(only) => ["--help"], // of the program
            [['-', ..], ..] => line.WordsOfRun(words, environment),
            _ => words,
        };
        return line;
    }

    /// <summary>A message about the words, in which every option that has its value from a variable is said to have
    /// it.</summary>
    internal string Explain(string message)
    {
        string text = _problem ?? message;
        foreach ((Option option, string variable) in _variables)
        {
            text = Regex.Replace(
                text, $@"(?<![\w-]){Regex.Escape(option.Name)}(?![\w-])", $"{option.Name} (from {variable})");
        }

        return text;
    }

    private IReadOnlyList<string> WordsOfRun(
        IReadOnlyList<string> words, IReadOnlyDictionary<string, string> environment)
    {
        for (int i = 0; i < words.Count; i++)
        {
            (string name, string? value) = Split(words[i]);
            if (IsHelp(words[i]))
            {
                return [Verb, "--help"];
            }

            if (name == "version" && s_true.Contains(value ?? True))
            {
                return ["--version"];
            }

            if (Find(name) is not { } option)
            {
                _others.Add(words[i]);
            }
            else if (IsSwitch(option))
            {
                Give(option, value ?? True);
                CheckSwitch(option, value, words.ElementAtOrDefault(i + 1));
            }
            else if (value is null && i + 1 == words.Count)
            {
                _others.Add(option.Name); // for the parser to miss the value
            }
            else
            {
                Give(option, value ?? words[++i]);
            }
        }

        foreach ((Option option, string value) in FlanneldVariables.Given(_run.Options, environment))
        {
            if (!_given.Exists(given => given.Option == option))
            {
                _variables.Add(option, FlanneldVariables.NameFor(option));
                Give(option, value);
                if (IsSwitch(option))
                {
                    CheckSwitch(option, value, null);
                }
            }
        }

        return [Verb, .. _given.Select(given => given.Word).OfType<string>(), .. _others];
    }

    // One word, so that a value that looks like an option is none.
    private void Give(Option option, string value)
    {
        if (option.Arity.MaximumNumberOfValues <= 1)
        {
            _given.RemoveAll(given => given.Option == option);
        }

        string text = !IsSwitch(option) ? value
            : s_true.Contains(value) ? True
            : s_false.Contains(value) ? False
            : value;
        bool isNone = value.Length == 0 && s_emptyByDefault.Contains(option.Name);
        _given.Add((option, isNone ? null : $"{option.Name}={text}"));
    }

    private void CheckSwitch(Option option, string? value, string? next)
    {
        if (value is not null && !s_true.Contains(value) && !s_false.Contains(value))
        {
            _problem ??= $"{option.Name} is '{value}'; give {True} or {False}";
        }
        else if (value is null && next is not null && (s_true.Contains(next) || s_false.Contains(next)))
        {
            // flanneld takes the switch as given, and nothing that comes behind.
            _problem ??= $"'{next}' behind {option.Name} stands by itself; write {option.Name}={next}";
        }
    }

    private Option? Find(string name) => name.Length == 0
        ? null
        : _run.Options.FirstOrDefault(option => ((string[])[$"--{name}", $"-{name}"])
            .Any(each => option.Name == each || option.Aliases.Contains(each)));

    private static bool IsSwitch(Option option) => option.ValueType == typeof(bool);

    private static bool IsHelp(string word) => Split(word) is (var name, null) && s_help.Contains(name);

    /// <summary>The name behind one dash or two, empty for what is no flag, and what stands behind an equals sign.
    /// </summary>
    private static (string Name, string? Value) Split(string word)
    {
        string name = word.StartsWith("--", StringComparison.Ordinal) ? word[2..]
            : word.StartsWith('-') ? word[1..]
            : string.Empty;
        int equals = name.IndexOf('=', StringComparison.Ordinal);
        return name.StartsWith('-') ? (string.Empty, null)
            : equals < 0 ? (name, null)
            : (name[..equals], name[(equals + 1)..]);
    }
}
