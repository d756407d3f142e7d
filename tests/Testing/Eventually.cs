using System;
using System.Diagnostics;
using System.Threading.Tasks;
using Xunit;

namespace Overlay.Testing;

/// <summary>Waits for a condition with a deadline.</summary>
public static class Eventually
{
    // Ends a test that hangs; nothing that is waited for takes as long, on a busy machine either.
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    /// <param name="condition">Looked at every few milliseconds.</param>
    /// <param name="what">For the failure.</param>
    /// <param name="between">Done before each look, for example to move a clock.</param>
    public static async Task IsTrue(Func<bool> condition, Func<string> what, Action? between = null)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(
                Stopwatch.GetElapsedTime(start) < s_deadline, $"not within {s_deadline.TotalSeconds} s: {what()}");
            between?.Invoke();
            await Task.Delay(2, TestContext.Current.CancellationToken);
        }
    }
}
