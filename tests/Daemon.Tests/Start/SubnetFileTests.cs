using System;
using System.IO;
using System.Linq;
using System.Threading;
using Overlay.Daemon.Start;
using Overlay.Health;
using Overlay.Net;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Daemon.Tests.Start;

/// <summary>What may stand where subnet.env is to be written, and what becomes of it afterwards.</summary>
public sealed class SubnetFileTests : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

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

    [Fact]
    public void A_file_that_somebody_removes_is_back_at_once_counted_and_logged_once_also_with_its_directory()
    {
        string path = Path.Combine(_directory.FullName, "run", "subnet.env");
        var log = new LineLog();
        var health = new HealthBoard(TimeProvider.System);
        SubnetFile file = Published(path, log, health);
        string text = File.ReadAllText(path);
        using var watch = new SubnetFileWatch(file, log);

        File.Delete(path);
        Assert.True(SpinWait.SpinUntil(() => health.Repairs.Of(RepairedObject.SubnetFile) == 1, s_deadline));
        Assert.Equal(text, File.ReadAllText(path));
        Assert.True(SpinWait.SpinUntil(() => log.Lines.Count == 1, s_deadline));

        DeleteWhatIsPutBack(Path.GetDirectoryName(path)!);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(path), s_deadline));
        Assert.Equal(text, File.ReadAllText(path));
        Assert.True(SpinWait.SpinUntil(() => health.Repairs.Of(RepairedObject.SubnetFile) >= 2, s_deadline));
        Assert.Equal($"{path} was removed and is written again", log.Lines[0]);
        Assert.Empty(health.ReadAll());
    }

    [Fact]
    public void A_file_that_cannot_be_written_again_is_trouble_until_it_can_and_one_line()
    {
        string folder = Path.Combine(_directory.FullName, "run");
        string path = Path.Combine(folder, "subnet.env");
        var log = new LineLog();
        var health = new HealthBoard(TimeProvider.System);
        SubnetFile file = Published(path, log, health);

        Directory.Delete(folder, recursive: true);
        File.WriteAllText(folder, "in the way");
        Assert.False(file.Repair());
        Assert.False(file.Repair());
        Assert.Equal(HealthCodes.SubnetFileNotWritten, Assert.Single(health.ReadAll()).Code);
        Assert.Contains("cannot be written", Assert.Single(log.Lines), StringComparison.Ordinal);

        File.Delete(folder);
        Assert.True(file.Repair());
        Assert.True(File.Exists(path));
        Assert.Empty(health.ReadAll());
        Assert.Equal(1, health.Repairs.Of(RepairedObject.SubnetFile));
    }

    [Fact]
    public void A_watched_file_is_back_by_itself_once_it_can_be_written()
    {
        string folder = Path.Combine(_directory.FullName, "run");
        string path = Path.Combine(folder, "subnet.env");
        var log = new LineLog();
        var health = new HealthBoard(TimeProvider.System);
        SubnetFile file = Published(path, log, health);
        Directory.Delete(folder, recursive: true);
        File.WriteAllText(folder, "in the way");
        using var watch = new SubnetFileWatch(file, log);

        file.MoveTo(Ipv4Prefix.Parse("10.5.35.0/24"));
        Assert.Equal([HealthCodes.SubnetFileNotWritten], health.ReadAll().Select(warning => warning.Code));
        File.Delete(folder);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(path), s_deadline));
        Assert.Contains("FLANNEL_SUBNET=10.5.35.1/24\n", File.ReadAllText(path), StringComparison.Ordinal);
    }

    // The watch looks once more after each repair, and may put the file back before the directory is gone.
    private static void DeleteWhatIsPutBack(string directory) =>
        Assert.True(SpinWait.SpinUntil(() => IsDeleted(directory), s_deadline));

    private static bool IsDeleted(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static SubnetFile Published(string path, LineLog log, HealthBoard health)
    {
        var file = new SubnetFile(
            path, Ipv4Prefix.Parse("10.5.0.0/16"), () => 1472, Ipv4Prefix.Parse("10.5.34.0/24"), masquerade: true, log)
        {
            Health = health,
        };
        _ = file.Publish();
        Assert.Equal(
            "FLANNEL_NETWORK=10.5.0.0/16\nFLANNEL_SUBNET=10.5.34.1/24\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=true\n",
            File.ReadAllText(path));
        return file;
    }
}
