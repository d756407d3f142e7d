using Overlay.Daemon.Cleanup;
using Xunit;

namespace Overlay.Daemon.Tests.Cleanup;

public sealed class RunningDaemonsTests
{
    [Theory]
    [InlineData(true, "/opt/bin/flanneld\0", "")]
    [InlineData(true, "overlay\0run\0", "")]
    [InlineData(true, "/usr/bin/overlay\0--iface=eth0\0", "")]
    [InlineData(true, "/usr/bin/overlay\0", "PATH=/bin\0FLANNELD_IFACE=eth0\0")]
    [InlineData(false, "/usr/bin/overlay\0", "PATH=/bin\0")]
    [InlineData(false, "overlay\0status\0", "FLANNELD_IFACE=eth0\0")]
    [InlineData(false, "sh\0", "FLANNELD_IFACE=eth0\0")]
    public void A_daemon_is_known_by_its_name_and_words_and_without_words_by_flannelds_variables(
        bool isDaemon, string commandLine, string environment) =>
        Assert.Equal(isDaemon, RunningDaemons.IsDaemon(commandLine, () => environment));
}
