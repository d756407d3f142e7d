using System;
using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Overlay.Terminal;

namespace Overlay.Daemon.Options;

/// <summary>The options of <c>overlay run</c> that say so.</summary>
/// <remarks>
/// Stock's defaults for what stock has: a probe of the kubelet asks by the host's address. What stock does not have
/// tells more, and is on loopback unless it is asked for elsewhere.
/// </remarks>
internal sealed class EndpointOptions
{
    private const int DefaultMostPeers = 256;
    private const int LargestMostPeers = 65_536;

    private readonly Option<IPAddress> _probeAddress = Address(
        "--healthz-ip", IPAddress.Any, "address that /healthz and /readyz are served on");

    // Less than 0 is none, too, as with stock.
    private readonly Option<int?> _probePort = new("--healthz-port")
    {
        Description = "port of /healthz and /readyz; 0 for none",
        HelpName = "PORT",
        DefaultValueFactory = _ => 0,
        CustomParser = OptionParser.Of<int?>(
            "--healthz-port",
            text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int port)
                && port <= ushort.MaxValue
                    ? Math.Max(port, 0)
                    : null,
            $"0 to {ushort.MaxValue}"),
    };

    private readonly Option<IPAddress> _metricsAddress = Address(
        "--metrics-ip", IPAddress.Loopback, "address that /metrics and /statusz are served on");

    private readonly Option<int?> _metricsPort = new("--metrics-port")
    {
        Description =
            "port of /metrics and /statusz; 0 for none, on the same address that of --healthz-port for all of them",
        HelpName = "PORT",
        DefaultValueFactory = _ => 0,
        CustomParser = OptionParser.Number("--metrics-port", 0, ushort.MaxValue),
    };

    private readonly Option<int?> _mostPeers = new("--metrics-per-peer")
    {
        Description = $"so many peers have metrics of their own, 0 to {LargestMostPeers}; with more peers none has",
        HelpName = "N",
        DefaultValueFactory = _ => DefaultMostPeers,
        CustomParser = OptionParser.Number("--metrics-per-peer", 0, LargestMostPeers),
    };

    /// <summary>Adds them to a command.</summary>
    internal void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _probeAddress, _probePort, _metricsAddress, _metricsPort, _mostPeers })
        {
            command.Add(option);
        }
    }

    /// <summary>Reads them.</summary>
    internal EndpointChoice Read(ParseResult parsed) => new(
        Read(parsed, _probeAddress, _probePort), Read(parsed, _metricsAddress, _metricsPort),
        parsed.GetValue(_mostPeers) ?? DefaultMostPeers);

    private static IPEndPoint? Read(ParseResult parsed, Option<IPAddress> address, Option<int?> port) =>
        parsed.GetValue(port) is > 0 and int number
            ? new IPEndPoint(parsed.GetRequiredValue(address), number)
            : null;

    private static Option<IPAddress> Address(string name, IPAddress fallback, string description) => new(name)
    {
        Description = description,
        HelpName = "IP",
        DefaultValueFactory = _ => fallback,
        CustomParser = OptionParser.Of(
            name,
            text => IPAddress.TryParse(text, out IPAddress? address)
                && (address.AddressFamily == AddressFamily.InterNetworkV6 || text.Split('.').Length == 4)
                    ? address
                    : null,
            "an IP address"),
    };
}
