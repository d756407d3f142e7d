using Xunit;

namespace Overlay.Lab.Tests;

public sealed class IpCommandTests
{
    private static readonly string[] s_commands = ["netns add a", "netns add b", "netns add c"];

    [Theory]
    [InlineData("Cannot create namespace file \"/run/netns/b\": File exists\nCommand failed -:2\n", "netns add b")]
    [InlineData("Error: something.\nCommand failed -:3", "netns add c")]
    [InlineData("Command failed -:4\n", "-batch")]
    [InlineData("Command failed -:", "-batch")]
    [InlineData("", "-batch")]
    public void A_failed_batch_names_its_command(string error, string command) =>
        Assert.Equal(command, IpCommand.FailedCommand(s_commands, error));
}
