using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Daemon.Host;
using Overlay.Health;
using Xunit;

namespace Overlay.Daemon.Tests.Host;

public sealed class HostLimitsTests : IDisposable
{
    private const string Group = "sys/fs/cgroup/system.slice/overlay.service";

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("overlay-limits-");
    private readonly HealthBoard _health = new(TimeProvider.System);
    private readonly HostLimits _limits;

    public HostLimitsTests()
    {
        _limits = new HostLimits(_health, _root.FullName);
        Write("proc/self/cgroup", "0::/system.slice/overlay.service\n");
    }

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void H9_memory_close_to_the_groups_limit_is_told_with_who_died_of_it_and_cached_files_do_not_count()
    {
        Write($"{Group}/memory.max", "100000000\n");
        Write($"{Group}/memory.current", "95000000\n");
        Write($"{Group}/memory.stat", "anon 70000000\ninactive_file 20000000\n");
        Assert.Empty(Look());

        Write($"{Group}/memory.stat", "anon 94000000\ninactive_file 1000000\n");
        Assert.Equal(["memory-limit-near: its control group uses 94.0 of 100.0 MB"], Look());

        Write($"{Group}/memory.events", "low 0\noom 3\noom_kill 2\n");
        Assert.Equal(
            ["memory-limit-near: its control group uses 94.0 of 100.0 MB; processes killed for it so far: 2"], Look());

        Write($"{Group}/memory.max", "max\n");
        Assert.Empty(Look());
    }

    [Fact]
    public void H10_a_group_that_is_often_held_back_is_told_while_it_is()
    {
        Write($"{Group}/cpu.stat", "usage_usec 1\nnr_periods 1000\nnr_throttled 900\n");
        Assert.Empty(Look()); // before the daemon, perhaps
        Write($"{Group}/cpu.stat", "usage_usec 1\nnr_periods 1100\nnr_throttled 909\n");
        Assert.Empty(Look());
        Write($"{Group}/cpu.stat", "usage_usec 1\nnr_periods 1200\nnr_throttled 940\n");
        Assert.Equal(["processor-throttled: its control group was held back in 31 of the last 100 periods"], Look());
        Write($"{Group}/cpu.stat", "usage_usec 1\nnr_periods 1300\nnr_throttled 940\n");
        Assert.Empty(Look());
    }

    [Fact]
    public void W13_a_table_of_connections_that_is_nearly_full_is_told()
    {
        Write("proc/sys/net/netfilter/nf_conntrack_max", "1000\n");
        Write("proc/sys/net/netfilter/nf_conntrack_count", "949\n");
        Assert.Empty(Look());
        Write("proc/sys/net/netfilter/nf_conntrack_count", "950\n");
        Assert.Equal(["conntrack-full: 950 of 1000 connections are tracked"], Look());
    }

    [Fact]
    public void A_host_with_none_of_these_files_has_no_limit()
    {
        Assert.Empty(Look());
        Write("proc/self/cgroup", "4:memory:/docker/1\n");
        Assert.Empty(Look());
    }

    private IEnumerable<string> Look()
    {
        _limits.Look();
        return _health.ReadAll().Select(warning => $"{warning.Code.Name}: {warning.Cause}");
    }

    private void Write(string file, string text)
    {
        string path = Path.Combine(_root.FullName, file);
        _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
