using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Linq;
using Overlay.Lease.Kubernetes.Access;
using Overlay.Lease.Kubernetes.Nodes;
using Overlay.Terminal;

namespace Overlay.Operator.Stores;

/// <summary>The options of leases in the Kubernetes API, by flanneld's names, and what they amount to.</summary>
public sealed class KubeStoreOptions
{
    private readonly Option<bool> _use = new("--kube-subnet-mgr")
    {
        Description = "leases are in the annotations of the cluster's nodes, subnets are their podCIDRs",
        Recursive = true,
    };

    private readonly Option<Uri?> _url = new("--kube-api-url")
    {
        Description = "URL of the API server, before the kubeconfig file's [default: the pod's service account's]",
        HelpName = "URL",
        Recursive = true,
        CustomParser = OptionParser.Of("--kube-api-url", Url, "a URL like https://192.0.2.1:6443"),
    };

    private readonly Option<string> _file = new("--kubeconfig-file")
    {
        Description = "kubeconfig file with the API server and the user [default: the pod's service account]",
        HelpName = "FILE",
        Recursive = true,
        CustomParser = OptionParser.Path("--kubeconfig-file"),
    };

    private readonly Option<AnnotationKeys> _prefix = new("--kube-annotation-prefix")
    {
        Description = "what the names of the annotations begin with",
        HelpName = "TEXT",
        Recursive = true,
        DefaultValueFactory = _ => AnnotationKeys.Parse(AnnotationKeys.DefaultPrefix),
        CustomParser = ParsePrefix,
    };

    private readonly Option<string> _config = new("--net-config-path")
    {
        Description = "file with the network config",
        HelpName = "FILE",
        Recursive = true,
        DefaultValueFactory = _ => KubeOptions.DefaultConfigPath,
        CustomParser = OptionParser.Path("--net-config-path"),
    };

    private readonly Option<bool> _setsNetworkUnavailable = new("--set-node-network-unavailable")
    {
        Description = "set the node's condition NetworkUnavailable to False once the overlay is ready",
        HelpName = "true|false",
        DefaultValueFactory = _ => true,
    };

    private readonly bool _isForDaemon;

    /// <summary>None is given yet.</summary>
    /// <param name="isForDaemon">Whether they are a daemon's, which has a node of its own and takes flags of flanneld
    /// that have no effect.</param>
    public KubeStoreOptions(bool isForDaemon) => _isForDaemon = isForDaemon;

    /// <summary>The option that asks for this store.</summary>
    internal string Name => _use.Name;

    /// <summary>Gives the options to a command, and where they are recursive to its subcommands.</summary>
    internal void AddTo(Command command)
    {
        command.Options.Add(_use);
        foreach (Option option in Details)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Whether this store is asked for.</summary>
    internal bool IsWanted(SymbolResult result)
    {
        try
        {
            return result.GetValue(_use);
        }
        catch (InvalidOperationException)
        {
            return false; // wrong by itself, which the option says
        }
    }

    /// <summary>What is wrong with what is given; null for nothing.</summary>
    internal string? Contradiction(SymbolResult result) =>
        !_isForDaemon && !IsWanted(result)
        && Details.FirstOrDefault(option => Has(result, option)) is { } stray
            ? $"{stray.Name} is given without {Name}; give both, or leave it out"
            : null;

    /// <summary>The names of the options given that have no effect, because this store is not asked for.</summary>
    public IEnumerable<string> Ineffective(ParseResult parsed) => IsWanted(parsed.CommandResult)
        ? []
        : Details.Where(option => Has(parsed.CommandResult, option)).Select(option => option.Name);

    /// <summary>What they amount to, with the environment's NODE_NAME, POD_NAME and POD_NAMESPACE.</summary>
    internal KubeOptions Read(ParseResult parsed) => new()
    {
        ApiUrl = parsed.GetValue(_url),
        KubeconfigFile = parsed.GetValue(_file),
        Keys = parsed.GetRequiredValue(_prefix),
        ConfigPath = parsed.GetRequiredValue(_config),
        NodeName = Variable("NODE_NAME"),
        PodName = Variable("POD_NAME"),
        PodNamespace = Variable("POD_NAMESPACE"),
        SetsNetworkUnavailable = _isForDaemon && parsed.GetValue(_setsNetworkUnavailable),
    };

    private IEnumerable<Option> Details =>
        [_url, _file, _prefix, _config, .. _isForDaemon ? (Option[])[_setsNetworkUnavailable] : []];

    private static bool Has(SymbolResult result, Option option) => result.GetResult(option) is { Implicit: false };

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static Uri? Url(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps) && url.UserInfo.Length == 0
            ? url
            : null;

    private static AnnotationKeys? ParsePrefix(ArgumentResult result)
    {
        string text = result.Tokens.Count > 0 ? result.Tokens[^1].Value : string.Empty;
        if (!AnnotationKeys.TryParse(text, out AnnotationKeys? keys, out string? problem))
        {
            result.AddError($"--kube-annotation-prefix is '{text}': {problem}; write it like flannel.example.com/a-");
        }

        return keys;
    }
}
