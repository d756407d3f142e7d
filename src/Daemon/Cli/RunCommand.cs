using System;
using System.CommandLine;
using System.IO;
using Overlay.Lease;
using Overlay.Router.Forwarding;

namespace Overlay.Daemon.Cli;

/// <summary><c>overlay run</c>: its options, and what makes each of them valid.</summary>
internal static class RunCommand
{
    /// <summary>What IPv4 and UDP headers take from the underlay's MTU.</summary>
    internal const int EncapsulationBytes = 28;

    internal const string DefaultRunDirectory = "/run/overlay";

    internal const int MinimumMtu = 576; // RFC 791, section 3.1: what every host must take
    internal const int MaximumMtu = 65_535 - EncapsulationBytes;
    private const string FileScheme = "file:";

    internal static Command Create()
    {
        var leaseStore = new Option<string>("--lease-store")
        {
            Description = "where leases are kept: file:DIR, a directory all hosts share",
            HelpName = "file:DIR",
            Required = true,
            CustomParser = OptionParser.Of("--lease-store", LeaseDirectory, "file:DIR"),
        };
        var networkInterface = new Option<string?>("--iface")
        {
            Description = "underlay interface, by name or by one of its IPv4 addresses [default: the default route's]",
            HelpName = "NAME|IP",
            CustomParser = OptionParser.Of("--iface", text => string.IsNullOrWhiteSpace(text) ? null : text, "an interface's name or address"),
        };
        var publicIp = new Option<uint?>("--public-ip")
        {
            Description = "address that other hosts send to [default: the interface's]",
            HelpName = "IP",
            CustomParser = OptionParser.Of<uint?>("--public-ip", text => Ipv4Prefix.TryParseAddress(text, out uint address) ? address : null, "an IPv4 address"),
        };
        var subnetFile = new Option<string>("--subnet-file")
        {
            Description = "file that tells container runtimes subnet and MTU; written last, so its presence means ready",
            HelpName = "FILE",
            DefaultValueFactory = _ => "/run/flannel/subnet.env",
            CustomParser = OptionParser.Path("--subnet-file"),
        };
        var runDirectory = new Option<string>("--run-dir")
        {
            Description = "directory for the lock and the counters socket; one daemon each",
            HelpName = "DIR",
            DefaultValueFactory = _ => DefaultRunDirectory,
            CustomParser = OptionParser.Path("--run-dir"),
        };
        var mtu = new Option<int?>("--mtu")
        {
            Description = $"MTU of the tunnel, {MinimumMtu} to {MaximumMtu} bytes [default: the interface's less {EncapsulationBytes}]",
            HelpName = "BYTES",
            CustomParser = OptionParser.Number("--mtu", MinimumMtu, MaximumMtu),
        };
        var port = new Option<int?>("--port")
        {
            Description = "UDP port, the same on every host [default: the network config's, 8285]",
            HelpName = "PORT",
            CustomParser = OptionParser.Number("--port", 1, ushort.MaxValue),
        };
        var sourceCheck = new Option<SourceCheck>("--source-check")
        {
            Description = "strict: a peer may only send from its own subnet; peer: only peers may send; off: as stock flannel",
            HelpName = "strict|peer|off",
            DefaultValueFactory = _ => SourceCheck.Strict,
            CustomParser = OptionParser.Choice<SourceCheck>("--source-check"),
        };
        var engine = new Option<Engine>("--engine")
        {
            Description = "classic: one packet a system call",
            HelpName = "classic",
            DefaultValueFactory = _ => Engine.Classic,
            CustomParser = OptionParser.Choice<Engine>("--engine"),
        };

        var command = new Command("run", "Forward pod traffic between this host and its peers until SIGTERM.")
        {
            leaseStore, networkInterface, publicIp, subnetFile, runDirectory, mtu, port, sourceCheck, engine,
        };
        command.SetAction((parsed, _) => OverlayDaemon.RunAsync(new RunOptions(
            parsed.GetRequiredValue(leaseStore),
            parsed.GetValue(networkInterface),
            parsed.GetValue(publicIp),
            parsed.GetRequiredValue(subnetFile),
            parsed.GetRequiredValue(runDirectory),
            parsed.GetValue(mtu),
            parsed.GetValue(port),
            parsed.GetValue(sourceCheck),
            parsed.GetValue(engine))));
        return command;
    }

    private static string? LeaseDirectory(string text) =>
        text.StartsWith(FileScheme, StringComparison.Ordinal) && text.Length > FileScheme.Length
            ? Path.GetFullPath(text[FileScheme.Length..])
            : null;
}
