using System;

namespace Overlay.Netns.Tests.Support;

/// <summary>Two hosts with ready daemons and a pod each, for all tests of a class; made when the first asks.</summary>
public class SharedPair : IDisposable
{
    private readonly Lazy<TestLab> _lab;

    /// <summary>Daemons without options of their own.</summary>
    public SharedPair()
        : this([])
    {
    }

    private protected SharedPair(params string[] options) => _lab = new Lazy<TestLab>(() =>
    {
        var lab = new TestLab(2);
        try
        {
            _ = lab.BringUp([1, 2], _ => options);
            return lab;
        }
        catch
        {
            lab.Dispose();
            throw;
        }
    });

    internal TestLab Lab => _lab.Value;

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        if (_lab.IsValueCreated)
        {
            _lab.Value.Dispose();
        }
    }
}
