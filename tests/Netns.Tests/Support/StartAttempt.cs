using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Overlay.Lab;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>
/// One try to start a daemon on the first host of a lab, with a store, a run directory and a subnet file of its own.
/// </summary>
internal sealed class StartAttempt
{
    private static int s_count;

    private readonly TestLab _lab;
    private readonly Dictionary<string, string> _options;

    /// <summary>Writes the network config; starts nothing.</summary>
    /// <param name="lab">Where.</param>
    /// <param name="config">Null for none.</param>
    internal StartAttempt(TestLab lab, string? config = TestLab.DefaultConfig)
    {
        _lab = lab;
        string directory = Path.Combine(lab.Plan.Directory, $"start-{Interlocked.Increment(ref s_count)}");
        LeaseDirectory = Path.Combine(directory, "leases");
        SubnetFile = Path.Combine(directory, "subnet.env");
        _options = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["--lease-store"] = $"file:{LeaseDirectory}",
            ["--iface"] = "eth0",
            ["--subnet-file"] = SubnetFile,
            ["--run-dir"] = Path.Combine(directory, "run"),
        };
        Directory.CreateDirectory(LeaseDirectory);
        if (config is not null)
        {
            File.WriteAllText(Path.Combine(LeaseDirectory, "config"), config);
        }
    }

    internal string LeaseDirectory { get; }

    internal string SubnetFile { get; private set; }

    internal string RunDirectory => _options["--run-dir"];

    /// <summary>Subnets leased in the store of this try.</summary>
    internal IReadOnlyList<string> Leases
    {
        get
        {
            string subnets = Path.Combine(LeaseDirectory, "subnets");
            return Directory.Exists(subnets)
                ? [.. Directory.EnumerateFiles(subnets).Select(Path.GetFileName).OfType<string>()]
                : [];
        }
    }

    /// <summary>Puts another host's lease into the store of this try.</summary>
    internal void WriteLease(string subnet, string publicIp)
    {
        string subnets = Directory.CreateDirectory(Path.Combine(LeaseDirectory, "subnets")).FullName;
        File.WriteAllText(Path.Combine(subnets, subnet.Replace('/', '-')), LeaseText.Value(publicIp));
    }

    /// <summary>Sets or replaces one option.</summary>
    internal StartAttempt With(string option, string value)
    {
        _options[option] = value;
        if (option == "--subnet-file")
        {
            SubnetFile = value;
        }

        return this;
    }

    /// <summary>Starts it.</summary>
    /// <param name="wrapper">A program, with its arguments, that becomes the daemon.</param>
    internal RunningProgram Start(params IReadOnlyList<string> wrapper) => _lab.Keep(1, RunningProgram.Start(
    [
        _lab.Ip.ProgramPath, "netns", "exec", _lab.Host(1).HostNamespace, .. wrapper, RunningProgram.OverlayPath, "run",
        .. _options.SelectMany(option => new[] { option.Key, option.Value }),
    ]));

    /// <summary>Starts it and waits for its end.</summary>
    internal CommandResult Run(params IReadOnlyList<string> wrapper)
    {
        using RunningProgram program = Start(wrapper);
        return program.WaitForExit();
    }

    /// <summary>Asserts that it failed with one clear last line and has left nothing of its own.</summary>
    /// <param name="result">How it ended.</param>
    /// <param name="words">What the line must name: the cause and the remedy.</param>
    internal void IsRefused(CommandResult result, params IReadOnlyList<string> words)
    {
        IsRefusedWithOneLine(result, exitCode: 1, words);
        Assert.False(_lab.HasTunnel(1), "flannel0 is left");
        IsWithoutTraces();
    }

    /// <summary>Asserts that this try has written neither subnet file nor lease.</summary>
    internal void IsWithoutTraces()
    {
        Assert.False(File.Exists(SubnetFile), $"{SubnetFile} is left");
        Assert.Empty(Leases);
    }

    /// <summary>Asserts on the exit code and the last line of standard error.</summary>
    internal static void IsRefusedWithOneLine(CommandResult result, int exitCode, params IReadOnlyList<string> words)
    {
        string line = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? string.Empty;
        Assert.StartsWith("overlay: ", line, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, line, StringComparison.Ordinal));
        Assert.Equal(exitCode, result.ExitCode);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal); // no stack trace above it either
    }
}
