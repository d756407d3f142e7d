using System;
using System.IO;
using System.Linq;
using Xunit;

namespace Overlay.Testing;

/// <summary>
/// What a test needs from the machine. Every test that needs privilege, a server or a browser asks here, so that
/// <c>./dev test --quick</c> leaves it out by itself.
/// </summary>
public static class Needs
{
    /// <summary>What <c>./dev test --quick</c> sets: only tests that need none of this run.</summary>
    private static readonly bool s_isQuick = Environment.GetEnvironmentVariable("OVERLAY_TESTS") == "quick";

    /// <summary>Skips the running test unless it runs as root.</summary>
    /// <param name="why">What it needs root for.</param>
    public static void Root(string why)
    {
        NotQuick($"needs root: {why}");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, $"needs root: {why}");
    }

    /// <summary>Skips the running test in a quick run.</summary>
    /// <param name="what">What it needs and a quick run does not give.</param>
    public static void NotQuick(string what) => Assert.SkipWhen(s_isQuick, $"not in a quick run: {what}");

    /// <summary>Skips the running test when a program is not installed.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="package">Where it comes from.</param>
    public static void Program(string program, string package) =>
        Assert.SkipUnless(IsInstalled(program), Missing(program, package));

    /// <summary>
    /// Skips the running test when a program is not installed and nobody is here who may install it, or in a quick run;
    /// fails it as root, for whom <c>./dev test</c> installs it.
    /// </summary>
    /// <param name="program">Its name.</param>
    /// <param name="package">Where it comes from.</param>
    public static void Server(string program, string package)
    {
        NotQuick($"needs {program}");
        Assert.False(Environment.IsPrivilegedProcess && !IsInstalled(program), Missing(program, package));
        Program(program, package);
    }

    private static string Missing(string program, string package) => $"needs {program}: apt-get install {package}";

    private static bool IsInstalled(string program) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/local/bin:/usr/sbin:/sbin:/usr/bin:/bin"
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, program)));
}
