using System;
using System.Text.Json;
using System.Threading;
using Overlay.Testing;

namespace Overlay.Linux.Tests;

/// <summary>A network namespace made by ip-netns(8), with everything in it deleted at the end.</summary>
internal sealed class TemporaryNamespace : IDisposable
{
    private static int s_count;

    internal TemporaryNamespace()
    {
        Needs.Root("makes a network namespace");
        Needs.Program("iproute2", "ip");
        Name = $"linux-tests-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";
        Command.Run("ip", ["netns", "add", Name]);
        Namespace = NetworkNamespace.Open($"/run/netns/{Name}");
    }

    internal string Name { get; }

    internal NetworkNamespace Namespace { get; }

    /// <summary>Runs ip(8) inside.</summary>
    /// <returns>Its output.</returns>
    internal string Ip(string arguments) => Command.Run("ip", ["-n", Name, .. arguments.Split(' ')]);

    /// <summary>Runs ip(8) inside on one command a line.</summary>
    internal void IpBatch(string commands) => Command.Run("ip", ["-n", Name, "-batch", "-"], commands);

    /// <summary>Asks ip(8) inside for JSON.</summary>
    internal JsonElement[] IpJson(string arguments)
    {
        string output = Command.Run("ip", ["-n", Name, "-j", "-d", .. arguments.Split(' ')]);
        return output.Trim().Length == 0 ? [] : [.. JsonDocument.Parse(output).RootElement.EnumerateArray()];
    }

    public void Dispose()
    {
        Namespace.Dispose();
        Command.Run("ip", ["netns", "delete", Name]);
    }
}
