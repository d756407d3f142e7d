using System;
using System.IO;
using System.Threading;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Etcd;

/// <summary>The etcd that the demo and these tests start for themselves.</summary>
public sealed class LabEtcdTests : LabTest
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Started_again_it_has_what_it_had(bool killed)
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        Print($"etcd {etcd.Gateway.Version()} served after {etcd.TookToServe.TotalMilliseconds:0} ms");
        etcd.Gateway.PutLease("10.244.7.0/24", "172.16.0.9", etcd.Gateway.Grant());
        LeaseKey? before = etcd.Gateway.Lease("10.244.7.0/24");

        if (killed)
        {
            etcd.Kill();
        }
        else
        {
            etcd.Stop();
        }

        Assert.False(etcd.Gateway.IsHealthy());
        etcd.Restart(CancellationToken.None);

        Assert.NotNull(before);
        Assert.NotEqual(0, before.LeaseId);
        Assert.Equal("172.16.0.9", before.PublicIp);
        Assert.Equal(before, etcd.Gateway.Lease("10.244.7.0/24"));
    }

    [Fact]
    public void What_nobody_has_ended_is_a_remnant_of_the_lab_and_is_removed_with_it()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        int id = etcd.Id;
        var remnants = new LabRemnants(lab.Plan.Prefix, lab.Plan.Directory, lab.Ip);
        Assert.Contains(id, remnants.Find().Processes);

        _ = remnants.Remove();

        Assert.Equal(0, remnants.Find().Count);
        Assert.False(File.Exists($"/proc/{id}/cmdline")
            && File.ReadAllText($"/proc/{id}/cmdline").Contains(lab.Plan.Directory, StringComparison.Ordinal));
    }

    [Fact]
    public void One_that_ends_at_once_fails_with_one_line_and_the_end_of_its_log()
    {
        TestLab lab = NewLab(2);
        Prerequisites.RequireEtcd();
        File.WriteAllText(lab.Plan.EtcdDirectory, "not a directory");

        LabException refused = Assert.Throws<LabException>(() => lab.StartEtcd());

        Assert.Contains("before it served", refused.Message, StringComparison.Ordinal);
        Assert.NotNull(refused.Evidence);
    }
}
