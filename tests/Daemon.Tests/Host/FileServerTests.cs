using Overlay.Daemon.Host;
using Xunit;

namespace Overlay.Daemon.Tests.Host;

public sealed class FileServerTests
{
    private static readonly string[] s_mounts =
    [
        "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
        "30 22 0:40 / /srv rw shared:2 master:1 - nfs4 nas:/export rw,vers=4.2,clientaddr=172.16.0.5,addr=172.16.0.23",
        "31 30 0:41 / /srv/local rw - tmpfs tmpfs rw",
        "32 22 0:42 / /my\\040share rw - cifs //nas/x rw,addr=172.16.0.24",
        "33 22 0:43 / /v6 rw - nfs4 nas:/export rw,addr=fd00::1",
        "",
    ];

    [Theory]
    [InlineData("/srv/overlay", "172.16.0.23")]
    [InlineData("/srv", "172.16.0.23")]
    [InlineData("/srv/local/overlay", null)]
    [InlineData("/srvx", null)]
    [InlineData("/my share/leases", "172.16.0.24")]
    [InlineData("/v6/leases", null)]
    [InlineData("/home", null)]
    public void A_directory_is_on_the_server_of_the_mount_around_it(string directory, string? server) =>
        Assert.Equal(server, FileServer.Of(directory, s_mounts)?.ToString());

    [Fact]
    public void The_mounts_of_this_host_can_be_read() => Assert.Null(FileServer.Of("/proc"));
}
