using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Linq;
using System.Text;
using Overlay.Control;
using Overlay.Daemon.Options;
using Overlay.Daemon.Start;
using Overlay.Lease;
using Overlay.Operator.Stores;
using Overlay.Router.Forwarding;
using Overlay.Router.Ports;
using Overlay.Router.Workers;
using Overlay.Terminal;

namespace Overlay.Daemon.Commands;

/// <summary><c>overlay run</c>: its options, and what makes each of them valid.</summary>
internal static class RunCommand
{
    private const int MaximumSpin = 1000;

    // Flannel's, in minutes: a lease lives for a day.
    private const int DefaultMargin = 60;
    private const int MinimumMargin = 1;
    private const int MaximumMargin = (24 * 60) - 1;

    internal static Command Create()
    {
        var leaseStore = new LeaseStoreOptions(
            isEtcdByDefault: true, new KubeStoreOptions(isForDaemon: true));
        var flanneld = new FlanneldOptions();
        var firewall = new FirewallOptions();
        var logOptions = new LogOptions();
        var endpoints = new EndpointOptions();
        var renewMargin = new Option<int?>("--subnet-lease-renew-margin")
        {
            Description = $"minutes before its end, {MinimumMargin} to {MaximumMargin}, at which a lease is renewed",
            HelpName = "MINUTES",
            DefaultValueFactory = _ => DefaultMargin,
            CustomParser = OptionParser.Number("--subnet-lease-renew-margin", MinimumMargin, MaximumMargin),
        };
        var underlay = new UnderlayOptions();
        var subnetFile = new Option<string>("--subnet-file")
        {
            Description =
                "file that tells container runtimes subnet and MTU; written last, so its presence means ready",
            HelpName = "FILE",
            DefaultValueFactory = _ => SubnetEnvFile.DefaultPath,
            CustomParser = OptionParser.Path("--subnet-file"),
        };
        var runDirectory = new Option<string>("--run-dir")
        {
            Description = "directory for the lock, the control socket and the snapshot of leases; one daemon each",
            HelpName = "DIR",
            DefaultValueFactory = _ => ControlProtocol.DefaultRunDirectory,
            CustomParser = OptionParser.Path("--run-dir"),
        };
        var tunName = new Option<string?>("--tun-name")
        {
            Description = "the tunnel's interface, 1 to 15 bytes [default: the first free of flannel0, flannel1 …]",
            HelpName = "NAME",
            CustomParser = OptionParser.Of(
                "--tun-name", InterfaceName,
                "1 to 15 bytes without blanks, '/', ':' and '%', other than '.', '..', 'all' and 'default'"),
        };
        var mtu = new Option<int?>("--mtu")
        {
            Description = $"MTU of the tunnel, {RunLimits.MinimumMtu} to {RunLimits.MaximumMtu} bytes [default: the "
                + $"interface's less {UdpPort.EncapsulationBytes}]",
            HelpName = "BYTES",
            CustomParser = OptionParser.Number("--mtu", RunLimits.MinimumMtu, RunLimits.MaximumMtu),
        };
        var port = new Option<int?>("--port")
        {
            Description = "UDP port, the same on every host [default: the network config's, 8285]",
            HelpName = "PORT",
            CustomParser = OptionParser.Number("--port", 1, ushort.MaxValue),
        };
        var sourceCheck = new Option<SourceCheck>("--source-check")
        {
            Description =
                "strict: a peer may only send from its own subnet; peer: only peers may send; off: as stock flannel",
            HelpName = "strict|peer|off",
            DefaultValueFactory = _ => SourceCheck.Strict,
            CustomParser = OptionParser.Choice<SourceCheck>("--source-check"),
        };
        var datapath = new Option<Datapath>("--datapath")
        {
            Description = "kernel: eBPF programs forward to peers that have them too, and the daemon takes the rest; "
                + "user: the daemon alone; auto: kernel where it can be had",
            HelpName = "auto|user|kernel",
            DefaultValueFactory = _ => Datapath.Auto,
            CustomParser = OptionParser.Choice<Datapath>("--datapath"),
        };
        var fallback = new Option<Fallback?>("--fallback")
        {
            Description =
                "backend vxlan: where VXLAN does not work between this host and a peer that has the option too, carry "
                + "its packets by udp until it does [default: none]",
            HelpName = "udp",
            CustomParser = OptionParser.Of<Fallback?>(
                "--fallback", text => text == "udp" ? Fallback.Udp : null, "udp"),
        };
        var engine = new Option<Engine>("--engine")
        {
            Description = "offload: superpackets and trains; batch: single packets, many a system call; classic: one "
                + "a system call, as stock flannel; pipeline: as offload, each way in two stages",
            HelpName = "offload|batch|classic|pipeline",
            DefaultValueFactory = _ => Engine.Offload,
            CustomParser = OptionParser.Choice<Engine>("--engine"),
        };
        var without = new Option<IReadOnlyList<Acceleration>>("--without")
        {
            Description = "accelerations not to use, separated by commas",
            HelpName = "NAME,…",
            DefaultValueFactory = _ => [],
            CustomParser = OptionParser.Of(
                "--without", AccelerationNames,
                $"names of {string.Join(", ", Accelerations.All.Select(Accelerations.Name))}"),
        };
        var workers = new Option<WorkerPlan?>("--workers")
        {
            Description = "duplex: one thread for both ways; N: so many threads each way, 1 to "
                + $"{WorkerPlan.MaximumLanes} [default: by engine and processors]",
            HelpName = "duplex|N",
            CustomParser = OptionParser.Of("--workers", Workers, $"duplex, or 1 to {WorkerPlan.MaximumLanes}"),
        };
        var spin = new Option<int?>("--spin-us")
        {
            Description = $"microseconds, 0 to {MaximumSpin}, that an idle thread looks again before it sleeps: "
                + "shorter latency for a busy processor",
            HelpName = "N",
            DefaultValueFactory = _ => 0,
            CustomParser = OptionParser.Number("--spin-us", 0, MaximumSpin),
        };

        var meter = new Option<bool>("--meter")
        {
            Description =
                "count and time the packet threads' system calls, shown by overlay counters: for measurements",
        };
        var extraCopies = new Option<int?>("--extra-copies")
        {
            Description = $"copy everything read so often more, 0 to {ForwarderOptions.MostExtraCopies}, to see what "
                + "a copy costs; implies --meter: for measurements",
            HelpName = "N",
            DefaultValueFactory = _ => 0,
            CustomParser = OptionParser.Number("--extra-copies", 0, ForwarderOptions.MostExtraCopies),
        };

        var blackholeRoute = new Option<bool>("--ip-blackhole-route")
        {
            Description = "drop what is sent to addresses of this host's subnet that no pod has: for pods that have a "
                + "route each and no bridge",
            HelpName = "true|false",
        };

        var command = new Command("run", "Forward pod traffic between this host and its peers until SIGTERM.")
        {
            renewMargin, subnetFile, runDirectory, tunName, mtu, port, sourceCheck,
            datapath, fallback, engine, without, workers, spin, meter, extraCopies,
            blackholeRoute,
        };
        underlay.AddTo(command);
        firewall.AddTo(command);
        leaseStore.AddTo(command);
        flanneld.AddTo(command);
        logOptions.AddTo(command);
        endpoints.AddTo(command);
        leaseStore.RequireFor(command);
        command.Validators.Add(result =>
        {
            // A pipe is between two threads: one thread for everything has no place for it.
            if (Has(result, engine, Engine.Pipeline) && Has(result, workers, new WorkerPlan(WorkerLayout.Duplex, 1)))
            {
                result.AddError("--workers is 'duplex' with --engine pipeline; give a number, or another engine");
            }
        });
        command.SetAction((parsed, _) => DaemonLifetime.RunAsync(new RunOptions(
            leaseStore.Read(parsed),
            TimeSpan.FromMinutes(parsed.GetValue(renewMargin) ?? DefaultMargin),
            underlay.Read(parsed),
            parsed.GetRequiredValue(subnetFile),
            parsed.GetRequiredValue(runDirectory),
            parsed.GetValue(tunName),
            parsed.GetValue(mtu),
            parsed.GetValue(port),
            parsed.GetValue(sourceCheck),
            parsed.GetValue(datapath),
            parsed.GetValue(fallback),
            parsed.GetValue(engine),
            parsed.GetRequiredValue(without),
            parsed.GetValue(workers),
            parsed.GetValue(spin) ?? 0,
            parsed.GetValue(meter) || parsed.GetValue(extraCopies) > 0,
            parsed.GetValue(extraCopies) ?? 0,
            firewall.Read(parsed),
            [
                .. command.Options.Where(option => parsed.GetResult(option) is { Implicit: false })
                    .Select(option => option.Name),
            ],
            [.. leaseStore.Ineffective(parsed), .. flanneld.Ineffective(parsed)],
            FlanneldVariables.Unknown(command.Options, ProcessStart.Environment()))
        {
            Log = logOptions.Read(parsed),
            Endpoints = endpoints.Read(parsed),
            HasBlackholeRoute = parsed.GetValue(blackholeRoute),
        }));
        return command;
    }

    // False also for a value that is wrong by itself, which its own option says.
    private static bool Has<T>(CommandResult result, Option<T> option, T value)
    {
        try
        {
            return EqualityComparer<T>.Default.Equals(result.GetValue(option), value);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    // As the kernel takes names (net/core/dev.c, dev_valid_name); a % would be filled in. Two are its settings' own
    // (/proc/sys/net/ipv4/conf).
    private static string? InterfaceName(string text) =>
        text is not ("" or "." or ".." or "all" or "default")
        && Encoding.UTF8.GetByteCount(text) <= RunLimits.LongestInterfaceName
        && !text.Any(letter => char.IsWhiteSpace(letter) || letter is '/' or ':' or '%' or '\0')
            ? text
            : null;

    private static IReadOnlyList<Acceleration>? AccelerationNames(string text)
    {
        List<Acceleration> named = [];
        foreach (string name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            int position = Accelerations.All.ToList().FindIndex(each => Accelerations.Name(each) == name);
            if (position < 0)
            {
                return null;
            }

            named.Add(Accelerations.All[position]);
        }

        return named;
    }

    private static WorkerPlan? Workers(string text) =>
        text == "duplex" ? new WorkerPlan(WorkerLayout.Duplex, 1)
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int lanes)
        && lanes is >= 1 and <= WorkerPlan.MaximumLanes
            ? new WorkerPlan(WorkerLayout.Pair, lanes)
            : null;
}
