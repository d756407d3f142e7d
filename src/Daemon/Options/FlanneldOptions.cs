using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Linq;

namespace Overlay.Daemon.Options;

/// <summary>
/// Flags of flanneld that are taken so that its unit files and manifests work, and that change nothing here.
/// </summary>
internal sealed class FlanneldOptions
{
    private readonly Option<bool> _kubernetes = new("--kube-subnet-mgr")
    {
        Description = "leases in the Kubernetes API: refused, they are not taken yet",
    };

    private readonly IReadOnlyList<Option> _ineffective =
    [
        Text("--kube-api-url", "URL", "only with --kube-subnet-mgr"),
        Text("--kubeconfig-file", "FILE", "only with --kube-subnet-mgr"),
        Text("--kube-annotation-prefix", "TEXT", "only with --kube-subnet-mgr"),
        Text("--net-config-path", "FILE", "only with --kube-subnet-mgr"),
        Switch("--set-node-network-unavailable", "only with --kube-subnet-mgr"),
        Text("--public-ipv6", "IP", "the overlay has no IPv6 yet"),
        Text("--vmodule", "PATTERN=N,…", "levels by source file"),
        Text("--log_backtrace_at", "FILE:LINE", "traces by source line"),
    ];

    /// <summary>Gives the options to a command, which refuses those that would have to have an effect.</summary>
    internal void AddTo(Command command)
    {
        command.Options.Add(_kubernetes);
        foreach (Option option in _ineffective)
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetResult(_kubernetes) is OptionResult { Implicit: false } && result.GetValue(_kubernetes))
            {
                result.AddError($"{_kubernetes.Name} is given, and leases in the Kubernetes API are not taken yet; "
                    + "keep them in etcd (--etcd-endpoints) or in a directory (--lease-store), and leave it out");
            }
        });
    }

    /// <summary>The names of the options given that change nothing.</summary>
    internal IReadOnlyList<string> Ineffective(ParseResult parsed) =>
        [
            .. _ineffective.Where(option => parsed.GetResult(option) is { Implicit: false })
                .Select(option => option.Name),
        ];

    private static Option<string> Text(string name, string helpName, string reason) =>
        new(name) { Description = Without(reason), HelpName = helpName };

    private static Option<bool> Switch(string name, string reason) => new(name) { Description = Without(reason) };

    private static string Without(string reason) => $"taken as by flanneld, without effect: {reason}";
}
