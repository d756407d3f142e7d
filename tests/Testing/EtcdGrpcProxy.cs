using System;
using System.Diagnostics;
using System.IO;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Overlay.Testing;

/// <summary>
/// A real <c>etcd grpc-proxy</c> with its defaults, among them that of its gRPC library: a connection may be pinged
/// every five minutes, unless the proxy has sent something since the ping before.
/// </summary>
public sealed class EtcdGrpcProxy : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly EtcdProcess _process = new("grpc-proxy");
    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"overlay-etcd-{Environment.ProcessId}-{Guid.NewGuid():N}");

    /// <summary>Starts it and waits until it takes connections.</summary>
    /// <param name="server">The etcd behind it.</param>
    public EtcdGrpcProxy(EtcdServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        Directory.CreateDirectory(_folder);
        int port = FreePorts.Next(IPAddress.Loopback);
        Endpoint = new Uri($"http://{IPAddress.Loopback}:{port}");
        _process.Start(new ProcessStartInfo(
            "etcd",
            [
                "grpc-proxy", "start", "--endpoints", server.Endpoint.Authority, "--listen-addr", Endpoint.Authority,
                "--advertise-client-url", Endpoint.Authority, "--data-dir", Path.Combine(_folder, "data"),
            ])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            WorkingDirectory = _folder,
        });
        File.WriteAllText(Path.Combine(_folder, "pid"), $"{_process.Id}\n"); // ./dev ends it if the tests cannot
        WaitUntilListening(port);
    }

    /// <summary>Where clients connect.</summary>
    public Uri Endpoint { get; }

    /// <summary>SIGSTOP: its kernel still accepts connections and data, and nobody answers.</summary>
    public void Pause() => _process.Signal("STOP");

    /// <summary>SIGCONT.</summary>
    public void Resume() => _process.Signal("CONT");

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void WaitUntilListening(int port)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                using var probe = new TcpClient(IPAddress.Loopback.ToString(), port);
                return;
            }
            catch (SocketException) when (_process.IsRunning && Stopwatch.GetElapsedTime(start) < s_patience)
            {
                TestContext.Current.CancellationToken.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(5));
            }
            catch (SocketException)
            {
                Dispose();
                Assert.Fail($"the grpc-proxy does not listen; its last lines:\n{_process.Log}");
            }
        }
    }
}
