using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Overlay.Lab;
using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>
/// A test class whose labs are removed after each test, and whose daemons' logs are printed when it failed.
/// </summary>
public abstract class LabTest : IDisposable
{
    private readonly List<TestLab> _own = [];
    private readonly List<TestLab> _shared = [];

    /// <summary>Builds a lab for this test alone.</summary>
    private protected TestLab NewLab(int hostCount, string config = TestLab.DefaultConfig)
    {
        var lab = new TestLab(hostCount, config);
        _own.Add(lab);
        return lab;
    }

    /// <summary>Uses the lab of the class; its fixture removes it.</summary>
    private protected TestLab Share(TestLab lab)
    {
        _shared.Add(lab);
        return lab;
    }

    /// <summary>Waits for a condition; ends early when the run is cancelled.</summary>
    /// <param name="condition">Asked every few milliseconds.</param>
    /// <param name="within">How long at most; null for <see cref="TestLab.Patience"/>.</param>
    private protected static bool Eventually(Func<bool> condition, TimeSpan? within = null) =>
        Condition.Holds(condition, within ?? TestLab.Patience, TestContext.Current.CancellationToken);

    /// <summary>Waits for a condition and fails the test when it does not come true.</summary>
    /// <param name="condition">Asked every few milliseconds.</param>
    /// <param name="otherwise">Says, when the time is over, what is the case instead.</param>
    /// <param name="text">The condition's own text, for the failure.</param>
    private protected static void Await(
        Func<bool> condition, Func<string>? otherwise = null,
        [CallerArgumentExpression(nameof(condition))] string text = "") =>
        Assert.True(
            Eventually(condition), $"not within {TestLab.Patience.TotalSeconds:0} s: {text}\n{otherwise?.Invoke()}");

    /// <inheritdoc cref="Await(Func{bool}, Func{string}?, string)"/>
    private protected static void Await(Func<bool> condition, string otherwise) =>
        Await(condition, otherwise: null, text: otherwise);

    /// <summary>Writes a line to the test's output.</summary>
    private protected static void Print(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            foreach (TestLab lab in (IEnumerable<TestLab>)[.. _shared, .. _own])
            {
                Print(lab.Logs());
            }
        }

        foreach (TestLab lab in _own)
        {
            lab.Dispose();
        }
    }
}
