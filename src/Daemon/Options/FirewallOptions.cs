using System;
using System.CommandLine;
using Overlay.Terminal;

namespace Overlay.Daemon.Options;

/// <summary>The options of <c>overlay run</c> about firewall rules.</summary>
internal sealed class FirewallOptions
{
    private const int DefaultResync = 5;           // flannel's
    private const int MaximumResync = 24 * 60 * 60; // a day

    private readonly Option<bool> _masquerade = new("--ip-masq")
    {
        Description = "masquerade what pods send to outside the overlay, and what reaches pods from outside it",
        HelpName = "true|false",
    };

    private readonly Option<bool> _notRandom = new("--ip-masq-fully-random-disable")
    {
        Description = "masquerade without choosing ports at random",
        HelpName = "true|false",
    };

    private readonly Option<bool> _forward = new("--iptables-forward-rules")
    {
        Description = "let the overlay's packets through FORWARD, before what would drop them",
        HelpName = "true|false",
        DefaultValueFactory = _ => true,
    };

    private readonly Option<int?> _resync = new("--iptables-resync")
    {
        Description = $"seconds, 1 to {MaximumResync}, after which the rules are looked at although no change was "
            + "heard of",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => DefaultResync,
        CustomParser = OptionParser.Number("--iptables-resync", 1, MaximumResync),
    };

    /// <summary>Gives the options to a command.</summary>
    internal void AddTo(Command command)
    {
        command.Options.Add(_masquerade);
        command.Options.Add(_notRandom);
        command.Options.Add(_forward);
        command.Options.Add(_resync);
    }

    /// <summary>What the options amount to.</summary>
    internal FirewallChoice Read(ParseResult parsed) => new(
        parsed.GetValue(_masquerade),
        parsed.GetValue(_forward),
        !parsed.GetValue(_notRandom),
        TimeSpan.FromSeconds(parsed.GetValue(_resync) ?? DefaultResync));
}
