using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Xunit;

namespace Overlay.Testing;

/// <summary>
/// A real etcd for a test: a process of its own with a directory of its own, both gone when it is disposed.
/// </summary>
public sealed class EtcdServer : IDisposable
{
    private const int DefaultClientPort = 2379, DefaultPeerPort = 2380, StartAttempts = 3;
    private const string MemoryFileSystem = "/dev/shm";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly EtcdServerOptions _options;
    private readonly string _name;
    private readonly EtcdProcess _process;

    private IReadOnlyList<(string Name, Uri PeerUrl)> _cluster = [];
    private bool _hasStartedBefore;

    private EtcdServer(EtcdServerOptions options, string name)
    {
        _options = options;
        _name = name;
        _process = new EtcdProcess(name);
        Folder = Directory.CreateDirectory(
            Path.Combine(Root(), $"overlay-etcd-{Environment.ProcessId}-{Guid.NewGuid():N}")).FullName;
        ChoosePorts();
    }

    /// <summary>Its client URL.</summary>
    public Uri Endpoint { get; private set; } = new("http://unset:1");

    /// <summary>For the other members.</summary>
    internal Uri PeerUrl { get; private set; } = new("http://unset:1");

    /// <summary>For certificates and other files of the test; removed with everything in it.</summary>
    public string Folder { get; }

    /// <summary>The process id while it runs.</summary>
    public int Id => _process.Id;

    /// <summary>The last lines of its log.</summary>
    public string Log => _process.Log;

    /// <summary>Starts a cluster of one and waits until it serves.</summary>
    public static EtcdServer Start(EtcdServerOptions? options = null)
    {
        EtcdServer server = Prepare(options ?? new EtcdServerOptions(), "alone");
        try
        {
            server.StartFirst();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>A member that does not run yet, with its ports.</summary>
    internal static EtcdServer Prepare(EtcdServerOptions options, string name)
    {
        Require();
        return new EtcdServer(options, name);
    }

    /// <summary>Skips the running test when there is no etcd here, and in a quick run.</summary>
    public static void Require() => Needs.Server("etcd-server", "etcd");

    /// <summary>Starts it as one of several.</summary>
    /// <param name="cluster">All of them.</param>
    internal void Launch(IReadOnlyList<(string Name, Uri PeerUrl)> cluster)
    {
        _cluster = cluster;
        Launch();
    }

    /// <summary>Waits until it serves, which takes a leader.</summary>
    public void WaitUntilServing()
    {
        long start = Stopwatch.GetTimestamp();
        while (!_process.IsServing)
        {
            if (!_process.IsRunning || Stopwatch.GetElapsedTime(start) > s_patience)
            {
                Assert.Fail($"etcd {_name} does not serve; its last lines:\n{Log}");
            }

            TestContext.Current.CancellationToken.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(5));
        }
    }

    /// <summary>SIGTERM; returns when it has ended.</summary>
    public void Stop() => _process.End("TERM");

    /// <summary>SIGKILL; returns when it has ended.</summary>
    public void Kill() => _process.End("KILL");

    /// <summary>SIGSTOP: its kernel still accepts connections and data, and nobody answers.</summary>
    public void Pause() => _process.Signal("STOP");

    /// <summary>SIGCONT.</summary>
    public void Resume() => _process.Signal("CONT");

    /// <summary>Starts it again, with the same ports and what it held before.</summary>
    /// <param name="waitUntilServing">False where it cannot have a leader.</param>
    public void Restart(bool waitUntilServing = true)
    {
        Assert.False(_process.IsStarted);
        Launch();
        if (waitUntilServing)
        {
            WaitUntilServing();
        }
    }

    /// <summary>Ends it and removes its directory.</summary>
    public void Dispose()
    {
        _process.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    // A free port may be taken by another before etcd binds it.
    private void StartFirst()
    {
        for (int attempt = 1; ; attempt++)
        {
            Launch([(_name, PeerUrl)]);
            long start = Stopwatch.GetTimestamp();
            while (_process.IsRunning && !_process.IsServing && Stopwatch.GetElapsedTime(start) < s_patience)
            {
                TestContext.Current.CancellationToken.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(5));
            }

            if (_process.IsServing || attempt == StartAttempts || !Log.Contains(
                "address already in use", StringComparison.Ordinal))
            {
                WaitUntilServing();
                return;
            }

            Kill();
            Directory.Delete(Path.Combine(Folder, "data"), recursive: true);
            _hasStartedBefore = false;
            ChoosePorts();
        }
    }

    private void Launch()
    {
        string[] prefix = _options.NetworkNamespace is { } name ? ["ip", "netns", "exec", name] : [];
        string[] words = [.. prefix, "etcd", .. Arguments()];
        var start = new ProcessStartInfo(words[0], words.Skip(1))
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            WorkingDirectory = Folder,
        };
        foreach (string variable in start.Environment.Keys.Where(
            key => key.StartsWith("ETCD", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(variable);
        }

        if (RuntimeInformation.ProcessArchitecture == Architecture.Arm64)
        {
            start.Environment["ETCD_UNSUPPORTED_ARCH"] = "arm64";
        }

        _process.Start(start);
        File.WriteAllText(Path.Combine(Folder, "pid"), $"{Id}\n"); // ./dev ends it if the tests cannot
        _hasStartedBefore = true;
    }

    private List<string> Arguments()
    {
        List<string> words =
        [
            "--name", _name,
            "--data-dir", Path.Combine(Folder, "data"),
            "--listen-client-urls", Text(Endpoint),
            "--advertise-client-urls", Text(Endpoint),
            "--listen-peer-urls", Text(PeerUrl),
            "--initial-advertise-peer-urls", Text(PeerUrl),
            "--initial-cluster", string.Join(',', _cluster.Select(member => $"{member.Name}={Text(member.PeerUrl)}")),
            "--initial-cluster-state", _hasStartedBefore ? "existing" : "new",
            "--initial-cluster-token", "overlay-tests",
            "--logger", "zap", "--log-outputs", "stderr",
            "--bcrypt-cost", "4", // a password is checked in a millisecond
            .. _options.Arguments,
        ];
        if (_options.Certificate is { } certificate)
        {
            words.AddRange(["--cert-file", certificate.CertFile, "--key-file", certificate.KeyFile]);
        }

        if (_options.ClientCaFile is { } authority)
        {
            words.AddRange(["--client-cert-auth", "--trusted-ca-file", authority]);
        }

        return words;
    }

    private void ChoosePorts()
    {
        (int client, int peer) = (DefaultClientPort, DefaultPeerPort);
        if (_options.NetworkNamespace is null)
        {
            (client, peer) = (FreePorts.Next(_options.Address), FreePorts.Next(_options.Address));
        }

        Endpoint = new Uri($"{(_options.Certificate is null ? "http" : "https")}://{_options.Address}:{client}");
        PeerUrl = new Uri($"http://{_options.Address}:{peer}");
    }

    // etcd syncs each write, and 3.4 cannot be told not to: in memory that costs nothing. A member takes 128 MB.
    private static string Root()
    {
        const long Room = 2L << 30;
        return Directory.Exists(MemoryFileSystem) && new DriveInfo(MemoryFileSystem).AvailableFreeSpace > Room
            ? MemoryFileSystem
            : Path.GetTempPath();
    }

    private static string Text(Uri url) => $"{url.Scheme}://{url.Authority}";
}
