using System;
using System.IO;
using System.Text;
using Overlay.Cni.Protocol;
using Xunit;

namespace Overlay.Cni.Tests;

/// <summary>A process whose standard streams are closed or full.</summary>
public sealed class PluginProcessTests
{
    [Fact]
    public void A_result_that_nobody_gets_is_a_failure()
    {
        Assert.Equal(1, Run("VERSION", Stream.Null, Full, Stream.Null).Code);
        Assert.Equal(1, Run("VERSION", Stream.Null, null, Stream.Null).Code);
    }

    [Fact]
    public void A_log_that_nobody_gets_is_none()
    {
        Assert.Equal(0, Run("", Stream.Null, new MemoryStream(), Full).Code);
        Assert.Equal(0, Run("", Stream.Null, new MemoryStream(), null).Code);
    }

    [Fact]
    public void A_config_that_nobody_gives_is_an_error()
    {
        (int code, string output) = Run("STATUS", null, new MemoryStream(), Stream.Null);
        Assert.Equal(1, code);
        Assert.Contains("failed to load netconf", output, StringComparison.Ordinal);
    }

    // Unbuffered, as a standard stream is.
    private static FileStream Full => new("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);

    private static (int Code, string Output) Run(string verb, Stream? input, Stream? output, Stream? error)
    {
        int code = PluginProcess.Run(
            new CniEnvironment(name => name == "CNI_COMMAND" ? verb : "/nowhere"),
            () => input ?? throw new UnauthorizedAccessException(),
            () => output ?? throw new UnauthorizedAccessException(),
            () => error ?? throw new UnauthorizedAccessException());
        return (code, output is MemoryStream kept ? Encoding.UTF8.GetString(kept.ToArray()) : "");
    }
}
