using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Lease;
using Overlay.Terminal;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>Pretend hosts on a private wire, with the real daemon on those where it is started.</summary>
/// <remarks>Everything is removed by <see cref="Dispose"/>, which fails the test when something is left.</remarks>
internal sealed class TestLab : IDisposable
{
    internal const int Port = 8285;

    internal const string DefaultConfig = """{"Network":"10.244.0.0/16","Backend":{"Type":"udp","Port":8285}}""";

    /// <summary>
    /// Ends a test that hangs: nothing that a test waits for takes as long, however busy the machine is.
    /// </summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // Of daemons whose test is over, one after the other; those that do not end are killed.
    private static readonly TimeSpan s_endedWithin = TimeSpan.FromSeconds(5);

    private static int s_count;

    private readonly List<(HostPlan Host, RunningProgram Program)> _daemons = [];
    private readonly Dictionary<int, SubnetFacts> _subnets = [];
    private readonly LabTopology _topology;

    /// <summary>Builds namespaces and wire, and writes the network config.</summary>
    internal TestLab(int hostCount, string config = DefaultConfig)
    {
        Prerequisites.Require();
        Datapath = NetworkConfig.Parse(config).Backend.Is("udp") ? Datapath : null;
        string prefix = $"overlay-t{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";
        Plan = new LabPlan(prefix, Path.Combine(Path.GetTempPath(), prefix), hostCount);
        Ip = new IpCommand();
        _topology = new LabTopology(Plan, Ip);
        try
        {
            _topology.Build();
            Directory.CreateDirectory(Path.Combine(Plan.LeaseDirectory, "subnets"));
            File.WriteAllText(Path.Combine(Plan.LeaseDirectory, "config"), config);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal LabPlan Plan { get; }

    internal IpCommand Ip { get; }

    /// <summary>The options that name the daemons' lease store; null for the lab's directory.</summary>
    internal IReadOnlyList<string>? LeaseStore { get; set; }

    /// <summary>
    /// Who forwards in the daemons: user space, whose engines most tests are about; null where the config has a backend
    /// that leaves it to the kernel.
    /// </summary>
    internal string? Datapath { get; set; } = "user";

    /// <summary>Host <paramref name="number"/>, from 1.</summary>
    internal HostPlan Host(int number) => Plan.Hosts[number - 1];

    /// <summary>What the daemon of a host said in its subnet file when it became ready.</summary>
    internal SubnetFacts Subnet(int number) => _subnets[number];

    /// <summary>The pod's address.</summary>
    internal IPAddress Pod(int number) => _subnets[number].Pod;

    /// <summary>flannel0's address.</summary>
    internal IPAddress Tunnel(int number) => _subnets[number].Network;

    /// <summary>A host's address on its pods' bridge.</summary>
    internal IPAddress Gateway(int number) => _subnets[number].Gateway;

    /// <summary>The file of a lease, whether it exists or not.</summary>
    /// <param name="subnet"><c>10.244.1.0/24</c>.</param>
    internal string LeaseFile(string subnet) => Path.Combine(Plan.LeaseDirectory, "subnets", subnet.Replace('/', '-'));

    /// <summary>Puts a lease into the store as a stock node's etcd value reads.</summary>
    internal void WriteLease(string subnet, string publicIp) =>
        File.WriteAllText(LeaseFile(subnet), LeaseText.Value(publicIp));

    /// <summary>Starts a daemon; it is ready later.</summary>
    internal RunningProgram Start(int number, params IReadOnlyList<string> extra) =>
        Keep(number, RunningProgram.Start(DaemonWords(number, extra)));

    /// <summary>What starts the daemon of a host.</summary>
    internal IReadOnlyList<string> DaemonWords(int number, params IReadOnlyList<string> extra)
    {
        HostPlan host = Host(number);
        return
        [
            Ip.ProgramPath, "netns", "exec", host.HostNamespace, RunningProgram.OverlayPath, "run",
            .. LeaseStore ?? ["--lease-store", $"file:{Plan.LeaseDirectory}"], "--iface", "eth0",
            "--subnet-file", host.SubnetFile, "--run-dir", host.RunDirectory,
            .. Datapath is null || extra.Contains("--datapath") ? extra : ["--datapath", Datapath, .. extra],
        ];
    }

    /// <summary>
    /// Takes a daemon into its care: its log is printed with the others, and it does not outlive the lab.
    /// </summary>
    internal RunningProgram Keep(int number, RunningProgram program)
    {
        _daemons.Add((Host(number), program));
        return program;
    }

    /// <summary>Waits for the ready line: after a restart the subnet file is there from the run before.</summary>
    internal SubnetFacts WaitUntilReady(RunningProgram daemon, int number)
    {
        daemon.AwaitError(" ready: ");
        return _subnets[number] = SubnetFacts.Read(Host(number).SubnetFile);
    }

    /// <summary>Starts daemons on these hosts, and gives each a pod when it is ready.</summary>
    internal IReadOnlyList<RunningProgram> BringUp(params IReadOnlyList<int> numbers) => BringUp(numbers, _ => []);

    /// <inheritdoc cref="BringUp(IReadOnlyList{int})"/>
    /// <param name="numbers">The hosts, from 1.</param>
    /// <param name="extra">More arguments for the daemon of a host.</param>
    internal IReadOnlyList<RunningProgram> BringUp(IReadOnlyList<int> numbers, Func<int, IReadOnlyList<string>> extra)
    {
        List<RunningProgram> daemons = [.. numbers.Select(number => Start(number, extra(number)))];
        foreach ((int number, RunningProgram daemon) in numbers.Zip(daemons))
        {
            _topology.AttachPod(Host(number), WaitUntilReady(daemon, number));
        }

        // Each knows the others before the first packet, so that none is counted as a drop.
        Assert.True(
            Condition.Holds(() => numbers.All(number => Counters(number).Routes >= numbers.Count - 1), Patience),
            $"a daemon does not know the others\n{Logs()}");
        if (numbers.Count > 1)
        {
            AwaitPath(numbers[0], numbers[1]);
        }

        return daemons;
    }

    /// <summary>
    /// Makes the wire, or one host's end of it, wider than an ordinary Ethernet. Before the daemon starts.
    /// </summary>
    /// <param name="number">The host, from 1.</param>
    /// <param name="mtu">In bytes; the wire itself takes as much as its widest end.</param>
    internal void SetWireMtu(int number, int mtu)
    {
        HostPlan host = Host(number);
        Ip.Batch(Plan.WireNamespace, [$"link set wire0 mtu {mtu}", $"link set {host.Name} mtu {mtu}"]);
        Ip.Batch(host.HostNamespace, [$"link set eth0 mtu {mtu}"]);
    }

    /// <summary>Gives a host a pod in a subnet that no daemon of this program has leased.</summary>
    internal void AttachPod(int number, SubnetFacts subnet)
    {
        _subnets[number] = subnet;
        _topology.AttachPod(Host(number), subnet);
    }

    /// <summary>
    /// Gives a host's pod an address of the subnet that its daemon has by now, as a restart of the pod does.
    /// </summary>
    internal void RestartPod(int number)
    {
        Ip.Batch(Host(number).HostNamespace, ["link del veth0", "link del cni0"]);
        AttachPod(number, SubnetFacts.Read(Host(number).SubnetFile));
    }

    /// <summary>
    /// Waits until two pods reach each other: both daemons know the other's lease, neighbours are resolved.
    /// </summary>
    internal void AwaitPath(int from, int to)
    {
        using var pinger = new Pinger(Host(from).PodNamespace);
        Assert.True(
            pinger.WaitForAnswer(Pod(to), Patience, CancellationToken.None),
            $"pod {to} does not answer pod {from}\n{Logs()}");
    }

    /// <summary>Runs a program inside a namespace to its end.</summary>
    internal CommandResult Run(string networkNamespace, params string[] words) =>
        ChildCommand.Run([Ip.ProgramPath, "netns", "exec", networkNamespace, .. words]);

    /// <summary>What a host's daemon has counted. On a busy machine it is asked again until it answers.</summary>
    internal CountersReport Counters(int number) => CountersReport.Parse(Ask(number, ControlCommands.Counters));

    /// <summary>What a host's daemon says of itself, asked as <see cref="Counters"/> are.</summary>
    internal StatusReport Status(int number) => StatusReport.Parse(Ask(number, ControlCommands.Status));

    /// <summary>Waits until a host's daemon shows a warning.</summary>
    /// <param name="number">The host, from 1.</param>
    /// <param name="code">Of docs/health.md.</param>
    internal WarningReport AwaitWarning(int number, string code) => AwaitWarning(Host(number).RunDirectory, code);

    /// <inheritdoc cref="AwaitWarning(int, string)"/>
    /// <param name="runDirectory">The daemon's.</param>
    /// <param name="code">Of docs/health.md.</param>
    internal WarningReport AwaitWarning(string runDirectory, string code)
    {
        WarningReport? found = null;
        Assert.True(
            Condition.Holds(
                () => (found = StatusReport.Parse(Ask(runDirectory, ControlCommands.Status)).Warnings
                    .FirstOrDefault(warning => warning.Code == code)) is not null,
                Patience,
                TestContext.Current.CancellationToken),
            $"no warning {code}\n{Logs()}");
        return found!;
    }

    /// <summary>The answer to a request on a host's loopback, with its head.</summary>
    internal string Get(int number, int port, string path) => LabNamespace.Run(Host(number).HostNamespace, () =>
    {
        // By a socket of the thread that is in the namespace.
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPAddress.Loopback, port);
        _ = socket.Send(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: h{number}\r\n\r\n"));
        using var stream = new StreamReader(new NetworkStream(socket));
        return stream.ReadToEnd();
    });

    private string Ask(int number, string command) => Ask(Host(number).RunDirectory, command);

    private static string Ask(string runDirectory, string command)
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return ControlClient.AskAsync(runDirectory, command, CancellationToken.None)
                    .GetAwaiter().GetResult();
            }
            catch (OperatorException) when (Stopwatch.GetElapsedTime(began) < Patience)
            {
                Condition.Pause(TimeSpan.FromMilliseconds(10), TestContext.Current.CancellationToken);
            }
        }
    }

    /// <summary>Whether a host's kernel sends to another's, which has answered its probe lately.</summary>
    internal bool IsReached(int from, int to) => Counters(from).KernelPath is { } kernel && kernel.Peers.Any(
        peer => peer.IsReached && peer.Peer == Host(to).UnderlayAddress.ToString());

    /// <summary>Waits until the kernels of two hosts send to each other.</summary>
    internal void AwaitReach(int one, int other) => Assert.True(
        Condition.Holds(
            () => IsReached(one, other) && IsReached(other, one), Patience, TestContext.Current.CancellationToken),
        $"the kernels do not reach each other\n{Counters(one).ToTable()}{Counters(other).ToTable()}{Logs()}");

    /// <summary>Whether a host has flannel0.</summary>
    internal bool HasTunnel(int number) =>
        Ip.TryRun("-n", Host(number).HostNamespace, "link", "show", "flannel0").Succeeded;

    /// <summary>The last lines of the logs of the latest daemons.</summary>
    internal string Logs()
    {
        var text = new StringBuilder();
        foreach ((HostPlan host, RunningProgram program) in _daemons.TakeLast(4))
        {
            text.AppendLine($"── {host.Name}, process {program.Id}").AppendLine(program.Tail());
        }

        return text.ToString();
    }

    public void Dispose()
    {
        foreach ((_, RunningProgram program) in _daemons)
        {
            if (!program.HasExited)
            {
                program.Signal("TERM");
            }
        }

        foreach ((_, RunningProgram program) in _daemons)
        {
            _ = Condition.Holds(() => program.HasExited, s_endedWithin);
            program.Dispose();
        }

        _daemons.Clear();
        var remnants = new LabRemnants(Plan.Prefix, Plan.Directory, Ip);
        _ = remnants.Remove();
        Remnants left = remnants.Find();
        Assert.True(left.Count == 0, $"left behind: {left}");
    }
}
