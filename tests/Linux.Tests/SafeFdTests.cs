using System;
using Xunit;

namespace Overlay.Linux.Tests;

public sealed class SafeFdTests
{
    [Fact]
    public void A_descriptor_that_is_held_is_closed_after_the_last_call_has_let_go_of_it()
    {
        SafeFd fd = new EventSignal().Descriptor;
        using (SafeFd.Held first = fd.Hold())
        {
            using (SafeFd.Held second = fd.Hold())
            {
                fd.Dispose();
                Assert.Equal(first.Number, second.Number);
            }

            Assert.False(fd.IsClosed);
        }

        Assert.True(fd.IsClosed);
    }

    [Fact]
    public void A_descriptor_that_is_closed_cannot_be_held()
    {
        SafeFd fd = new EventSignal().Descriptor;
        fd.Dispose();

        Assert.Throws<ObjectDisposedException>(() => { _ = fd.Hold(); });
    }

    [Fact]
    public void A_signal_can_be_set_when_nobody_waits_any_more()
    {
        var signal = new EventSignal();
        signal.Dispose();

        signal.Set();

        Assert.True(signal.IsSet);
    }
}
