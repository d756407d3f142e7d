using System;
using System.IO;
using Overlay.Daemon.Start;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Daemon.Tests.Start;

/// <summary>What may stand where subnet.env is to be written.</summary>
public sealed class SubnetFileTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("overlay-subnet-file");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("/dev/null", "is not a regular file")]
    [InlineData("/dev", "is a directory")]
    [InlineData("/no/such/directory/", "names a directory")]
    public void What_a_rename_would_destroy_is_refused_with_the_remedy(string path, string why)
    {
        string line = Assert.Throws<OperatorException>(() => SubnetFile.Check(path)).Message;

        Assert.Equal(
            $"--subnet-file {path} {why}; give a file to be written, for example /run/flannel/subnet.env", line);
    }

    [Fact]
    public void A_link_is_judged_by_what_it_leads_to()
    {
        string link = Path.Combine(_directory.FullName, "link");
        File.CreateSymbolicLink(link, "/dev/null");
        Assert.Throws<OperatorException>(() => SubnetFile.Check(link));

        File.Delete(link);
        File.WriteAllText(Path.Combine(_directory.FullName, "file"), "");
        File.CreateSymbolicLink(link, "file");
        SubnetFile.Check(link);
        SubnetFile.Check(Path.Combine(_directory.FullName, "missing"));
    }
}
