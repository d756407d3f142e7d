using System;
using System.Globalization;
using System.IO;
using System.Linq;
using Xunit;

namespace Overlay.Linux.Tests;

public sealed class DescriptorLimitTests
{
    [Fact]
    public void The_soft_limit_becomes_the_hard_one()
    {
        ulong limit = DescriptorLimit.Raise();

        // proc(5): "Max open files            1024                 4096                 files"
        string[] words = File.ReadLines("/proc/self/limits")
            .First(line => line.StartsWith("Max open files", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((words[4], words[4]), (words[3], limit.ToString(CultureInfo.InvariantCulture)));
    }
}
