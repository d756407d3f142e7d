using System;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Etcdserverpb;
using Google.Protobuf;
using Overlay.Lease.Etcd.Store;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Etcd.Tests.Store;

/// <summary>What a store does when there is more below its prefix than one answer may have.</summary>
public sealed class EtcdJunkTests : IAsyncDisposable
{
    private const int Megabyte = 1024 * 1024;

    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    private readonly EtcdStoreLab _lab = new(
        new EtcdServerOptions { Arguments = ["--max-request-bytes", $"{32 * Megabyte}"] },
        patience: TimeSpan.FromSeconds(60)); // a busy machine takes seconds for tens of megabytes

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public async Task Values_too_long_together_and_one_too_long_alone_hide_no_lease()
    {
        await _lab.PutLeaseAsync("10.5.8.0-24", "192.0.2.8");
        await _lab.PutLeaseAsync("10.5.9.0-24", "192.0.2.9", ttl: 0);
        string junk = new('x', 7 * Megabyte);
        foreach (string name in (string[])["10.5.8.1-junk", "10.5.8.2-junk", "zz"])
        {
            await _lab.PutAsync(_lab.KeyOf(name), junk);
        }

        await _lab.PutAsync(_lab.KeyOf("10.5.7.0-24"), new string('x', 17 * Megabyte));
        await using EtcdLeaseStore store = _lab.NewStore();
        SubnetLease own =
            (await store.AcquireAsync(s_config, new LeaseRequest(Owner("192.0.2.1"), null), EtcdStoreLab.Cancel)).Lease;
        await using var watch = new WatchLog(store, s_config);

        LeaseUpdate.Snapshot snapshot = Assert.IsType<LeaseUpdate.Snapshot>(await watch.WaitForAsync(1));

        Assert.Equal(
            new[] { own.Subnet.ToString(), "10.5.8.0/24", "10.5.9.0/24" }.Order(),
            snapshot.Leases.Select(lease => lease.Subnet.ToString()).Order());
        string complaint = Assert.Single(_lab.Warnings, line => line.Contains("10.5.7.0-24", StringComparison.Ordinal));
        Assert.Contains(
            "its value is more than the 16777216 bytes that are read; remove it", complaint, StringComparison.Ordinal);
        await store.RenewAsync(own, EtcdStoreLab.Cancel);
    }

    [Fact]
    public async Task What_cannot_be_read_can_be_removed_by_the_name_the_list_shows()
    {
        await _lab.PutAsync(_lab.KeyOf("10.5.7.0-24"), new string('x', 17 * Megabyte));
        await _lab.Client.PutAsync(
            new PutRequest { Key = ByteString.CopyFrom(
                [.. Encoding.UTF8.GetBytes(_lab.KeyOf("no")), 0xFF]) }, EtcdStoreLab.Cancel);
        await _lab.PutAsync(_lab.KeyOf("a/b"), "?");
        await _lab.PutLeaseAsync("10.5.9.0-24", "192.0.2.9");
        await using var administration = new EtcdLeaseAdministration(_lab.Options, _lab.Prefix, TimeProvider.System);

        foreach (LeaseEntry entry in await administration.ListAsync(s_config, EtcdStoreLab.Cancel))
        {
            if (entry.Attributes is null)
            {
                Assert.Equal(entry.Name, (await administration.RemoveAsync(entry.Name, EtcdStoreLab.Cancel))?.Name);
            }
        }

        Assert.Equal(_lab.KeyOf("10.5.9.0-24"), Assert.Single(await _lab.ReadAllAsync()).Key.ToStringUtf8());
    }

    [Fact]
    public async Task A_listing_in_pages_is_one_revision()
    {
        var keys = new EtcdKeys(_lab.Prefix);
        string junk = new('x', 9 * Megabyte);
        await _lab.PutAsync(_lab.KeyOf("10.5.8.0-junk"), junk);
        await _lab.PutAsync(_lab.KeyOf("10.5.8.1-junk"), junk);
        long last = await _lab.PutLeaseAsync("10.5.9.0-24", "192.0.2.9");
        int asked = 0;

        // Each look at what is known falls between two pages, where somebody writes.
        EtcdListing listing = await EtcdListing.ReadAsync(
            _lab.Client,
            keys,
            _ =>
            {
                _lab.PutLeaseAsync($"10.5.{100 + asked++}.0-24", "192.0.2.7").GetAwaiter().GetResult();
                return null;
            },
            EtcdStoreLab.Cancel);

        Assert.Equal(last, listing.Revision);
        Assert.Equal(["10.5.8.0-junk", "10.5.8.1-junk", "10.5.9.0-24"], listing.Leases.Keys.Order());
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task An_event_too_long_to_be_taken_is_found_by_a_listing()
    {
        await using EtcdLeaseStore store = _lab.NewStore();
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync("snapshot");

        await _lab.PutAsync(_lab.KeyOf("10.5.7.0-24"), new string('x', 17 * Megabyte));
        await _lab.PutLeaseAsync("10.5.9.0-24", "192.0.2.9");

        await Eventually.IsTrue(
            () => watch.Descriptions[^1].EndsWith("10.5.9.0/24=192.0.2.9", StringComparison.Ordinal),
            () => string.Join("; ", watch.Descriptions));
        Assert.Contains(_lab.Warnings, line => line.Contains("10.5.7.0-24", StringComparison.Ordinal));
    }
}
