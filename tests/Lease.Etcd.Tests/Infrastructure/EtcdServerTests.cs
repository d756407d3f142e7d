using System;
using System.Diagnostics;
using System.IO;
using Overlay.Testing;
using Xunit;

namespace Overlay.Lease.Etcd.Tests;

public sealed class EtcdServerTests
{
    [Fact]
    public void An_etcd_in_a_namespace_is_the_process_whose_id_is_kept_and_leaves_nothing()
    {
        Needs.Root("makes a network namespace");
        string name = $"overlay-t{Environment.ProcessId}-etcd";
        Ip("netns", "add", name);
        try
        {
            Ip("-n", name, "link", "set", "lo", "up");
            string folder;
            int id;
            using (var server = EtcdServer.Start(new EtcdServerOptions { NetworkNamespace = name }))
            {
                (folder, id) = (server.Folder, server.Id);
                Assert.Equal(new Uri("http://127.0.0.1:2379"), server.Endpoint);
                Assert.Equal("etcd\n", File.ReadAllText($"/proc/{id}/comm"));
                Assert.Equal($"{id}\n", File.ReadAllText(Path.Combine(folder, "pid")));
                Assert.Contains($"overlay-etcd-{Environment.ProcessId}-", folder, StringComparison.Ordinal);
            }

            Assert.False(Directory.Exists(folder) || Directory.Exists($"/proc/{id}"));
        }
        finally
        {
            Ip("netns", "delete", name);
        }
    }

    private static void Ip(params string[] words)
    {
        using var process = Process.Start("ip", words);
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(20)) && process.ExitCode == 0, string.Join(' ', words));
    }
}
