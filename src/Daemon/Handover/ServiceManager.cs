using System;
using System.Collections.Generic;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Linux;

namespace Overlay.Daemon.Handover;

/// <summary>
/// Tells systemd, or whoever speaks its protocol, what the daemon is doing, and has it keep descriptors over a restart
/// (sd_notify(3), sd_pid_notify_with_fds(3)). Any thread may call. Without one nothing happens.
/// </summary>
internal sealed class ServiceManager : IDisposable
{
    private const string SocketVariable = "NOTIFY_SOCKET";

    // Once it has closed its end of a barrier it has taken everything before it (sd_notify_barrier(3)).
    private static readonly TimeSpan s_barrierWithin = TimeSpan.FromSeconds(2);

    private readonly UnixDatagramSocket? _socket;
    private readonly ILogger _log;
    private bool _isRefused;

    private ServiceManager(UnixDatagramSocket? socket, ILogger log) => (_socket, _log) = (socket, log);

    /// <summary>The one that the environment names; it is not passed on to children.</summary>
    /// <param name="log">Gets a line when it cannot be reached.</param>
    internal static ServiceManager Find(ILogger log)
    {
        string? path = Environment.GetEnvironmentVariable(SocketVariable);
        if (string.IsNullOrEmpty(path))
        {
            return new ServiceManager(socket: null, log);
        }

        Environment.SetEnvironmentVariable(SocketVariable, null);
        return Connect(path, log);
    }

    /// <summary>The one that listens at a path.</summary>
    /// <param name="path">Of its socket.</param>
    /// <param name="log">Gets a line when it cannot be reached.</param>
    internal static ServiceManager Connect(string path, ILogger log)
    {
        try
        {
            return new ServiceManager(UnixDatagramSocket.Connect(path), log);
        }
        catch (LinuxException problem)
        {
            Log.NoServiceManager(log, path, problem.Message);
            return new ServiceManager(socket: null, log);
        }
    }

    /// <summary>Whether there is one.</summary>
    internal bool IsThere => _socket is not null;

    /// <summary>The host's pods are connected.</summary>
    /// <param name="status">In words; null to leave the last one.</param>
    internal void Ready(string? status) => Tell(status is null ? "READY=1" : $"READY=1\nSTATUS={status}");

    /// <summary>What it is doing, in one line.</summary>
    internal void Status(string status) => Tell($"STATUS={status}");

    /// <summary>The workers make progress.</summary>
    internal void KeepAlive() => Tell("WATCHDOG=1");

    /// <summary>It starts again within the process; <see cref="Ready"/> ends that.</summary>
    internal void Reloading() => Tell(string.Create(
        CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={MonotonicClock.Microseconds}"));

    /// <summary>It ends.</summary>
    internal void Stopping() => Tell("STOPPING=1");

    /// <summary>Has a descriptor kept for the next process of this service, under a name.</summary>
    /// <remarks>
    /// Not watched: an ICMP error that waits at a socket would count as its end (FDPOLL, systemd 246).
    /// </remarks>
    internal void Store(string name, SafeFd descriptor) =>
        Tell($"FDSTORE=1\nFDNAME={name}\nFDPOLL=0", descriptor);

    /// <summary>Has what is kept under these names closed, and waits until it is.</summary>
    internal void Remove(IEnumerable<string> names)
    {
        if (_socket is null)
        {
            return;
        }

        foreach (string name in names)
        {
            Tell($"FDSTOREREMOVE=1\nFDNAME={name}");
        }

        using var barrier = new HangUpSignal();
        if (Tell("BARRIER=1", barrier.Remote))
        {
            _ = barrier.Wait(s_barrierWithin);
        }
    }

    public void Dispose() => _socket?.Dispose();

    private bool Tell(string message, SafeFd? descriptor = null)
    {
        if (_socket is null)
        {
            return false;
        }

        SyscallResult sent = _socket.Send(message, descriptor);
        if (!sent.Succeeded && !_isRefused)
        {
            _isRefused = true;
            Log.ServiceManagerRefuses(_log, LinuxException.Describe(sent.Errno));
        }

        return sent.Succeeded;
    }
}
