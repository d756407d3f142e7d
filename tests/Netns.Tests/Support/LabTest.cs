using System;
using System.Collections.Generic;
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
    private protected static bool Eventually(Func<bool> condition, TimeSpan within) =>
        Condition.Holds(condition, within, TestContext.Current.CancellationToken);

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
