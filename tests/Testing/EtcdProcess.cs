using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using Xunit;

namespace Overlay.Testing;

/// <summary>The process of an etcd, one after another if it is started again: its signals, and what it says.</summary>
/// <param name="name">For messages.</param>
internal sealed class EtcdProcess(string name) : IDisposable
{
    private const int KeptLines = 400;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Lock _reading = new();
    private readonly Queue<string> _log = new();

    private Process? _process;
    private bool _isServing;

    /// <summary>
    /// Whether it was started and not ended by <see cref="End"/>, though it may have ended by itself.
    /// </summary>
    internal bool IsStarted => _process is not null;

    internal bool IsRunning => _process is { HasExited: false };

    internal int Id => _process?.Id ?? throw new InvalidOperationException("etcd does not run");

    /// <summary>Whether it has said, since it was started, that it serves.</summary>
    internal bool IsServing
    {
        get
        {
            lock (_reading)
            {
                return _isServing;
            }
        }
    }

    /// <summary>The last lines it wrote, those of the processes before it included.</summary>
    internal string Log
    {
        get
        {
            lock (_reading)
            {
                return string.Join('\n', _log);
            }
        }
    }

    /// <param name="start">With all three streams redirected.</param>
    internal void Start(ProcessStartInfo start)
    {
        lock (_reading)
        {
            _isServing = false;
        }

        _process = new Process { StartInfo = start };
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        Assert.True(_process.Start());
        _process.StandardInput.Close();
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    /// <summary>Sends a signal that ends it; returns when it has ended.</summary>
    internal void End(string signal)
    {
        Process process = _process ?? throw new InvalidOperationException("etcd does not run");
        if (!process.HasExited)
        {
            Signal(signal);
            Assert.True(
                process.WaitForExit(s_patience), $"etcd {name} still runs after SIG{signal}; its last lines:\n{Log}");
        }

        process.WaitForExit();
        process.Dispose();
        _process = null;
    }

    internal void Signal(string signal)
    {
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {Id}"]);
        Assert.True(kill.WaitForExit(s_patience) && kill.ExitCode == 0, $"no SIG{signal} for etcd {name}");
    }

    /// <summary>Kills it if it was not ended.</summary>
    public void Dispose()
    {
        if (IsStarted)
        {
            End("KILL");
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_reading)
        {
            _log.Enqueue(line);
            if (_log.Count > KeptLines)
            {
                _log.Dequeue();
            }

            // Which of the two depends on version and logger.
            _isServing |= line.Contains("serving client traffic", StringComparison.Ordinal)
                || line.Contains("ready to serve client requests", StringComparison.Ordinal);
        }
    }
}
