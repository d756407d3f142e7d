using System;
using System.IO;
using System.Linq;
using Xunit;

namespace Overlay.Testing;

/// <summary>
/// What a test needs from the machine. Every test that needs root, a server or a browser asks here, so that
/// <c>./dev test --quick</c> leaves it out by itself.
/// </summary>
/// <remarks>
/// <c>./dev test</c> says in <see cref="Variable"/> what is missing: <c>quick</c>, everything; <c>all</c>, nothing, so
/// that a gate cannot pass because tests were skipped. Otherwise a test is skipped when what it needs is not there.
/// </remarks>
public static class Needs
{
    private const string Variable = "OVERLAY_TESTS";

    private static readonly string? s_run = Environment.GetEnvironmentVariable(Variable);

    /// <summary>Programs that <c>./dev</c> unpacked instead of installing them are found on PATH from now on.</summary>
    internal static void AddUnpackedPrograms()
    {
        foreach (string package in new[] { "etcd-server", "prometheus" })
        {
            string folder = Path.Combine(Repository.Root, "artifacts", "tools", package, "usr", "bin");
            if (Directory.Exists(folder))
            {
                Environment.SetEnvironmentVariable("PATH", $"{Environment.GetEnvironmentVariable("PATH")}:{folder}");
            }
        }
    }

    /// <summary>Skips the running test unless it runs as root.</summary>
    /// <param name="why">What it needs root for.</param>
    public static void Root(string why)
    {
        NotQuick($"needs root: {why}");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, $"needs root: {why}");
    }

    /// <summary>Skips the running test in a quick run.</summary>
    /// <param name="what">What it needs and a quick run does not give.</param>
    public static void NotQuick(string what) => Assert.SkipWhen(s_run == "quick", $"not in a quick run: {what}");

    /// <summary>Skips the running test when a program is not installed; fails it where all are.</summary>
    /// <param name="package">Where it comes from.</param>
    /// <param name="names">It is there under any of them.</param>
    public static void Program(string package, params string[] names)
    {
        string[] folders = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/local/bin:/usr/sbin:/sbin:/usr/bin:/bin"
            .Split(':', StringSplitOptions.RemoveEmptyEntries);
        if (!folders.Any(folder => names.Any(name => File.Exists(Path.Combine(folder, name)))))
        {
            string missing = $"needs {names[0]}: apt-get install {package}";
            Assert.False(s_run == "all", missing);
            Assert.Skip(missing);
        }
    }

    /// <summary>
    /// As <see cref="Program"/>, of a server that the test starts: not in a quick run, however fast it is.
    /// </summary>
    public static void Server(string package, string name)
    {
        NotQuick($"needs {name}");
        Program(package, name);
    }
}
