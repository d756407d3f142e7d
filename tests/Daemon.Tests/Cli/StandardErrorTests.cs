using System;
using System.Threading;
using Overlay.Linux;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Daemon.Tests.Cli;

public sealed class StandardErrorTests
{
    [Fact]
    public void What_waits_for_a_processor_and_not_for_a_reader_is_written()
    {
        Assert.True(Readiness.IsStandardErrorWritable(), "this test needs a standard error that somebody reads");
        bool isWritten = false;

        StandardError.Attempt(() =>
        {
            Thread.Sleep(TimeSpan.FromSeconds(1)); // as a thread does that gets no processor
            isWritten = true;
        });

        Assert.True(isWritten, "the line is lost");
    }

    [Fact]
    public void What_cannot_be_written_is_given_up() =>
        StandardError.Attempt(() => throw new System.IO.IOException("broken pipe"));
}
