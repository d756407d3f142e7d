using System.IO;
using System.Linq;
using Overlay.Daemon.Host;
using Xunit;

namespace Overlay.Daemon.Tests.Host;

public sealed class HostDependenciesTests
{
    [Fact]
    public void Name_servers_are_read_as_the_resolver_reads_them()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(
                file,
                "# nameserver 10.0.0.1\nsearch example.org\nnameserver 10.0.0.2\n\tnameserver\t10.0.0.3 # x\n"
                    + "nameserver fd00::1\nnameserver\nnameserver 10.0.0\noptions ndots:5");

            Assert.Equal(
                ["10.0.0.2", "10.0.0.3"], HostDependencies.NameServersOf(file).Select(server => server.ToString()));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_file_that_is_not_there_names_nobody() =>
        Assert.Empty(HostDependencies.NameServersOf("/nowhere/resolv.conf"));
}
