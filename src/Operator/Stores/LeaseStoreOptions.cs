using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Lease;
using Overlay.Lease.Etcd.Client;
using Overlay.Lease.Etcd.Store;
using Overlay.Terminal;

namespace Overlay.Operator.Stores;

/// <summary>
/// The options that say which lease store a command works on, what makes them valid, and what they amount to.
/// </summary>
public sealed class LeaseStoreOptions
{
    private const string FileScheme = "file:";
    private const string EtcdName = "etcd";
    private const string PasswordName = "--etcd-password";

    // Flannel's: the ports of etcd before and after IANA gave it one.
    private const string DefaultEndpoints = "http://127.0.0.1:4001,http://127.0.0.1:2379";

    private readonly Option<string> _store = new("--lease-store")
    {
        HelpName = "file:DIR|etcd",
        Recursive = true,
        CustomParser = OptionParser.Of("--lease-store", Store, "file:DIR or etcd"),
    };

    private readonly Option<IReadOnlyList<Uri>> _endpoints = new("--etcd-endpoints")
    {
        Description = "client URLs of etcd's members, separated by commas; without http:// or https:// certificates "
            + "decide",
        HelpName = "URL,…",
        Recursive = true,
        DefaultValueFactory = _ => Endpoints(DefaultEndpoints),
    };

    private readonly Option<string> _prefix = new("--etcd-prefix")
    {
        Description = "what config and leases are under in etcd",
        HelpName = "KEY",
        Recursive = true,
        DefaultValueFactory = _ => EtcdLeaseStore.DefaultPrefix,
        CustomParser = OptionParser.Of("--etcd-prefix", Prefix, $"a key such as {EtcdLeaseStore.DefaultPrefix}"),
    };

    private readonly Option<string> _keyFile = FileOption("--etcd-keyfile", "PEM file of the key of --etcd-certfile");
    private readonly Option<string> _certFile = FileOption(
        "--etcd-certfile", "PEM file of the certificate to show to etcd");
    private readonly Option<string> _caFile = FileOption(
        "--etcd-cafile", "PEM file of the authorities that sign etcd's certificates [default: the system's]");
    private readonly Option<string> _passwordFile = FileOption(
        "--etcd-password-file", "file with the password of --etcd-username");
    private readonly Option<string> _tokenFile = FileOption(
        "--etcd-token-file", "file with a token of etcd's, in place of user and password");
    private readonly Option<string> _serverName = TextOption(
        "--etcd-server-name", "NAME", "name that etcd's certificate must be for [default: the URL's host]");
    private readonly Option<string> _username = TextOption("--etcd-username", "NAME", "user of etcd");
    private readonly Option<string> _password = TextOption(
        PasswordName, "TEXT", "the user's password, which everybody on this host can read with ps(1): prefer "
            + "--etcd-password-file");

    private readonly bool _isEtcdByDefault;
    private readonly KubeStoreOptions? _kube;

    /// <summary>None is given yet.</summary>
    /// <param name="isEtcdByDefault">Whether leases are in etcd when no option says where, as with flanneld; otherwise
    /// one has to.</param>
    /// <param name="kube">The options of leases in the Kubernetes API; null for a command that does not look
    /// there.</param>
    public LeaseStoreOptions(bool isEtcdByDefault = false, KubeStoreOptions? kube = null)
    {
        _isEtcdByDefault = isEtcdByDefault;
        _kube = kube;
        _store.Description = "where leases are kept: file:DIR, a directory all hosts share, or etcd [default: etcd"
            + (isEtcdByDefault ? "]" : ", with any --etcd option]");
        _endpoints.CustomParser = ParseEndpoints;
    }

    /// <summary>Gives the options to a command and all its subcommands.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in All)
        {
            command.Options.Add(option);
        }

        _kube?.AddTo(command);
    }

    /// <summary>Makes a command refuse options that contradict each other, and to start without a store where there is
    /// none by default.</summary>
    public void RequireFor(Command command) => command.Validators.Add(result =>
    {
        if (!_isEtcdByDefault && !IsGiven(result))
        {
            string more = _kube is null ? "" : $", or {_kube.Name}";
            result.AddError($"--lease-store is missing; give file:DIR, or etcd with --etcd-endpoints{more}");
        }
        else if (Contradiction(result) is { } problem)
        {
            result.AddError(problem);
        }
    });

    /// <summary>Whether the command line names a store.</summary>
    public bool IsGiven(SymbolResult result) =>
        Has(result, _store) || FirstOfEtcd(result) is not null || _kube?.IsWanted(result) == true;

    /// <summary>The names of the options given that have no effect, as they would have none with flanneld.</summary>
    public IEnumerable<string> Ineffective(ParseResult parsed) => _kube?.IsWanted(parsed.CommandResult) == true
        ? OfEtcd.Where(option => Has(parsed.CommandResult, option)).Select(option => option.Name)
        : _kube?.Ineffective(parsed) ?? [];

    /// <summary>What the options amount to.</summary>
    /// <param name="parsed">Of a command that <see cref="RequireFor"/> has checked.</param>
    /// <exception cref="OperatorException">A file they name cannot be read; the line names it.</exception>
    public LeaseStoreChoice Read(ParseResult parsed)
    {
        if (_kube?.IsWanted(parsed.CommandResult) == true)
        {
            return new LeaseStoreChoice.Kubernetes(_kube.Read(parsed));
        }

        string store = parsed.GetValue(_store) ?? EtcdName;
        if (store != EtcdName)
        {
            return new LeaseStoreChoice.Files(store);
        }

        foreach (Option<string> option in (Option<string>[])[_caFile, _certFile, _keyFile])
        {
            if (parsed.GetValue(option) is { } path)
            {
                _ = ReadFile(option.Name, path, RegularFile.ReadAllText);
            }
        }

        CheckSecret(parsed, _passwordFile, "password");
        CheckSecret(parsed, _tokenFile, "token");
        EtcdOptions options = new()
        {
            Endpoints = parsed.GetRequiredValue(_endpoints),
            CaFile = parsed.GetValue(_caFile),
            CertFile = parsed.GetValue(_certFile),
            KeyFile = parsed.GetValue(_keyFile),
            ServerName = parsed.GetValue(_serverName),
            Username = parsed.GetValue(_username),
            Password = parsed.GetValue(_password),
            PasswordFile = parsed.GetValue(_passwordFile),
            TokenFile = parsed.GetValue(_tokenFile),
        };
        return new LeaseStoreChoice.Etcd(options, parsed.GetRequiredValue(_prefix));
    }

    /// <summary>Runs an operator's command on the store; a failure of the store is one line.</summary>
    /// <exception cref="OperatorException">The store fails or refuses.</exception>
    public async Task<int> AdministerAsync(ParseResult parsed, Func<ILeaseAdministration, Task<int>> command)
    {
        try
        {
            await using ILeaseAdministration store = LeaseStoreFactory.OpenAdministration(
                Read(parsed), TimeProvider.System);
            return await command(store);
        }
        catch (LeaseStoreException problem)
        {
            throw new OperatorException(problem.Message, problem);
        }
    }

    /// <summary>
    /// A message about a command line without what was given as a password, wherever in it that has ended up.
    /// </summary>
    public static string WithoutPassword(string message, ParseResult parsed)
    {
        IEnumerable<string> words = parsed.Tokens.Select(token => token.Value);
        foreach ((string word, string next) in words.Zip(words.Skip(1)))
        {
            if (word == PasswordName && next.Length > 0)
            {
                message = message.Replace(next, "…", StringComparison.Ordinal);
            }
        }

        return message;
    }

    private IEnumerable<Option> All => [_store, .. OfEtcd];

    private IEnumerable<Option> OfEtcd =>
        [
            _endpoints, _prefix, _keyFile, _certFile, _caFile, _serverName, _username, _password, _passwordFile,
            _tokenFile];

    private static bool Has(SymbolResult result, Option option) => result.GetResult(option) is { Implicit: false };

    private Option? FirstOfEtcd(SymbolResult result) => OfEtcd.FirstOrDefault(option => Has(result, option));

    /// <summary>What is wrong with a store that is named; null for nothing.</summary>
    public string? Contradiction(SymbolResult result)
    {
        if (!TryGetValue(result, _store, out string? store)
            || !TryGetValue(result, _endpoints, out IReadOnlyList<Uri>? endpoints))
        {
            return null;
        }

        if (_kube?.Contradiction(result) is { } problem)
        {
            return problem;
        }

        if (_kube?.IsWanted(result) == true)
        {
            return store is null ? null : $"--lease-store and {_kube.Name} are both given; give one of them";
        }

        if (store is not null && store != EtcdName)
        {
            return FirstOfEtcd(result) is { } stray
                ? $"{stray.Name} is given with --lease-store {FileScheme}{store}; leave it out, or give "
                + $"--lease-store {EtcdName}"
                : null;
        }

        if (Has(result, _certFile) != Has(result, _keyFile))
        {
            (Option given, Option missing) = Has(result, _certFile) ? (_certFile, _keyFile) : (_keyFile, _certFile);
            return $"{given.Name} is given without {missing.Name}; give both";
        }

        if (Has(result, _password) && Has(result, _passwordFile))
        {
            return $"{_password.Name} and {_passwordFile.Name} are both given; give the file alone";
        }

        if (Has(result, _tokenFile)
            && ((Option[])[_username, _password, _passwordFile])
            .FirstOrDefault(option => Has(result, option)) is { } beside)
        {
            return $"{_tokenFile.Name} and {beside.Name} are both given; give the token, or user and password";
        }

        bool hasPassword = Has(result, _password) || Has(result, _passwordFile);
        if (Has(result, _username) != hasPassword)
        {
            return hasPassword
                ? $"an etcd password is given without {_username.Name}; give the user, too"
                : $"{_username.Name} is given without a password; give {_passwordFile.Name}, too";
        }

        // It would go over the wire in the clear, or nowhere, where the operator counts on the certificate.
        Option? ofTls = OptionOfTls(result);
        return ofTls is not null && endpoints?[0].Scheme != Uri.UriSchemeHttps
            ? $"{ofTls.Name} is given, but {_endpoints.Name} is not https; give https URLs"
            : null;
    }

    // False for a value that is wrong by itself, which its own option says.
    private static bool TryGetValue<T>(SymbolResult result, Option<T> option, out T? value)
    {
        try
        {
            value = result.GetValue(option);
            return true;
        }
        catch (InvalidOperationException)
        {
            value = default;
            return false;
        }
    }

    private static Option<string> FileOption(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "FILE",
        Recursive = true,
        CustomParser = OptionParser.Path(name),
    };

    // Nothing of the value in a message: it may be a password.
    private static Option<string> TextOption(string name, string helpName, string description) => new(name)
    {
        Description = description,
        HelpName = helpName,
        Recursive = true,
        CustomParser = result =>
        {
            string text = result.Tokens.Count > 0 ? result.Tokens[^1].Value : string.Empty;
            if (text.Length == 0)
            {
                result.AddError($"{name} is empty; give a value, or leave it out");
            }

            return text;
        },
    };

    private static string? Store(string text) =>
        text == EtcdName ? text
        : text.StartsWith(FileScheme, StringComparison.Ordinal)
        && text.Length > FileScheme.Length ? Path.GetFullPath(text[FileScheme.Length..])
        : null;

    // The store joins it, and it alone, so that no two places can differ in how.
    private static string? Prefix(string text) => text.Trim('/').Length == 0 ? null : text;

    private Option? OptionOfTls(SymbolResult result) =>
        ((Option[])[_caFile, _certFile, _serverName]).FirstOrDefault(option => Has(result, option));

    private IReadOnlyList<Uri> ParseEndpoints(ArgumentResult result)
    {
        if (EtcdEndpointList.TryParse(
            result.Tokens.Count > 0 ? result.Tokens[^1].Value : string.Empty, OptionOfTls(result) is not null,
            out IReadOnlyList<Uri>? endpoints, out string? problem))
        {
            return endpoints;
        }

        result.AddError($"--etcd-endpoints: {problem}");
        return [];
    }

    private static IReadOnlyList<Uri> Endpoints(string text) =>
        EtcdEndpointList.TryParse(text, hasTls: false, out IReadOnlyList<Uri>? endpoints, out string? problem)
            ? endpoints
            : throw new FormatException(problem);

    // Read again whenever it is needed; what is wrong with it at the start is said before anything else is done.
    private static void CheckSecret(ParseResult parsed, Option<string> option, string what)
    {
        if (parsed.GetValue(option) is { } path
            && ReadFile(option.Name, path, RegularFile.ReadExactText).AsSpan().TrimEnd("\r\n").IsEmpty)
        {
            throw new OperatorException($"{option.Name} {path} holds no {what}; write it into the first line");
        }
    }

    private static string ReadFile(string option, string path, Func<string, string> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new OperatorException(
                $"{option} {path} cannot be read ({problem.Message.TrimEnd('.')}); name a file that this user may "
                    + "read", problem);
        }
    }
}
