using System;
using Xunit;

namespace Overlay.Linux.Tests;

/// <summary>That another program has come so far.</summary>
public sealed class HangUpSignalTests
{
    [Fact]
    public void It_is_given_once_the_last_duplicate_of_the_other_end_is_closed()
    {
        using var signal = new HangUpSignal();
        using (SafeFd others = signal.Remote.Duplicate())
        {
            Assert.False(signal.Wait(TimeSpan.FromMilliseconds(1)));
        }

        Assert.True(signal.Wait(TimeSpan.FromMinutes(1)));
    }
}
