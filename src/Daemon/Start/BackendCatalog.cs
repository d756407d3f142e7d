using System.Collections.Generic;
using System.Linq;
using Overlay.Daemon.Backends;
using Overlay.Daemon.Backends.Fallback;
using Overlay.Daemon.Backends.HostGw;
using Overlay.Daemon.Backends.Udp;
using Overlay.Daemon.Backends.Vxlan;
using Overlay.Daemon.Options;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Terminal;

namespace Overlay.Daemon.Start;

/// <summary>Every backend this daemon has.</summary>
internal static class BackendCatalog
{
    private static readonly IReadOnlyList<IBackendKind> s_kinds =
        [new UdpBackendKind(), new VxlanBackendKind(), new HostGwBackendKind()];

    /// <summary>The backend that a network config asks for.</summary>
    /// <param name="config">A valid one.</param>
    /// <param name="source">Where it is from, for messages.</param>
    /// <exception cref="OperatorException">This daemon cannot work by that config; the line says why.</exception>
    internal static IBackendKind Find(NetworkConfig config, string source)
    {
        if (!config.EnableIPv4)
        {
            throw new OperatorException(
                $"the network config in {source} has EnableIPv4 false, and the overlay carries IPv4 alone: set it to "
                    + "true");
        }

        if (!config.Network.Address.IsUnicast)
        {
            throw new OperatorException(
                $"the Network {config.Network} in the network config of {source} holds no hosts' addresses; choose a "
                    + "private one, for example 10.244.0.0/16");
        }

        IBackendKind kind = Find(config.Backend)
            ?? throw new OperatorException(
                $"unknown backend type: '{config.Backend.Type}' in the network config of {source}; set Backend to "
                    + string.Join(" or ", s_kinds.Select(kind => $"{{\"Type\":\"{kind.Type}\"}}")));
        CheckOptions(kind, config.Backend, source);
        return kind;
    }

    /// <summary>The backend of a type; null when this daemon does not have it.</summary>
    internal static IBackendKind? Find(BackendConfig backend) => s_kinds.FirstOrDefault(kind => backend.Is(kind.Type));

    /// <summary>The same with what <c>overlay run</c> was asked for beside the config.</summary>
    /// <param name="kind">The one that the network config asks for.</param>
    /// <param name="options">What was asked for.</param>
    /// <param name="source">Where the network config is from, for messages.</param>
    /// <exception cref="OperatorException">An option was given that only another backend has; the line names it and
    /// whose it is.</exception>
    internal static IBackendKind Choose(IBackendKind kind, RunOptions options, string source)
    {
        IBackendKind chosen = options.Fallback is not null && kind is VxlanBackendKind
            ? new FallbackBackendKind()
            : kind;
        CheckRunOptions(chosen, options.Given, source);
        return chosen;
    }

    /// <summary>Checks that no option was given that only another backend has.</summary>
    /// <param name="kind">The one that the network config asks for.</param>
    /// <param name="given">The names of the options that were given.</param>
    /// <param name="source">Where the network config is from, for messages.</param>
    /// <exception cref="OperatorException">One was; the line names it and whose it is.</exception>
    internal static void CheckRunOptions(IBackendKind kind, IReadOnlyList<string> given, string source)
    {
        string[] others =
        [
            .. given.Where(option => !kind.RunOptions.Contains(option)
                && s_kinds.Any(other => other.RunOptions.Contains(option))),
        ];
        if (others.Length > 0)
        {
            string owners = string.Join(
                " and ", s_kinds.Where(other => other.RunOptions.Contains(others[0])).Select(other => other.Type));
            throw new OperatorException(
                $"{string.Join(", ", others)} {(others.Length == 1 ? "concerns" : "concern")} the backend {owners} "
                    + $"only, and the network config in {source} asks for {kind.Type}: leave "
                    + $"{(others.Length == 1 ? "it" : "them")} out");
        }
    }

    /// <summary>Has the other backends take away what they have left on this host.</summary>
    /// <param name="kind">The one that comes now.</param>
    /// <param name="context">What it is prepared from.</param>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    internal static void RemoveRemains(IBackendKind kind, BackendContext context)
    {
        foreach (IBackendKind other in s_kinds.Where(other => !kind.Includes(other.Type)))
        {
            other.RemoveRemains(context);
        }
    }

    private static void CheckOptions(IBackendKind kind, BackendConfig backend, string source)
    {
        try
        {
            _ = kind.Complete(backend);
        }
        catch (NetworkConfigException problem)
        {
            throw new OperatorException(
                $"the network config in {source} is not valid: {problem.Message}; "
                    + $"found: {OneLine.Shorten(backend.Json)}; correct it with: overlay config put",
                problem);
        }
    }
}
