using System;
using System.IO;
using Xunit;

namespace Overlay.Lab.Tests;

public sealed class LabLockTests : IDisposable
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    [Fact]
    public void A_second_taker_learns_who_has_it()
    {
        using var first = LabLock.TryTake(_directory, out _);
        Assert.NotNull(first);

        Assert.Null(LabLock.TryTake(_directory, out int holder));
        Assert.Equal(Environment.ProcessId, holder);
    }

    [Fact]
    public void What_was_let_go_can_be_taken_again()
    {
        LabLock.TryTake(_directory, out _)?.Dispose();

        using var again = LabLock.TryTake(_directory, out _);
        Assert.NotNull(again);
    }

    [Fact]
    public void A_directory_that_its_holder_removed_is_made_anew()
    {
        using (var first = LabLock.TryTake(_directory, out _))
        {
            Assert.NotNull(first);
            Directory.Delete(_directory, recursive: true);
        }

        using var second = LabLock.TryTake(_directory, out _);
        Assert.NotNull(second);
        Assert.Null(LabLock.TryTake(_directory, out _));
    }

    public void Dispose()
    {
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }
}
