using System;
using System.Globalization;
using Xunit;

namespace Overlay.KernelPath.Tests;

/// <summary>How long the comparisons run, and from which seed.</summary>
internal static class Runs
{
    /// <summary>OVERLAY_DATAGRAMS, or so many.</summary>
    internal static int Datagrams(int otherwise) => Number("OVERLAY_DATAGRAMS") ?? otherwise;

    /// <summary>OVERLAY_SEED, or another one each time; printed.</summary>
    internal static int Seed(ITestOutputHelper output)
    {
        int seed = Number("OVERLAY_SEED") ?? Environment.TickCount;
        output.WriteLine($"seed {seed}: to repeat, OVERLAY_SEED={seed}");
        return seed;
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number)
            ? number : null;
}
