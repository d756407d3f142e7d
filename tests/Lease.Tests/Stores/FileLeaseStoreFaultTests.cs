using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using Overlay.Lease.Stores;
using Overlay.Testing;
using Xunit;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests.Stores;

/// <summary>The lock, what a killed writer leaves, and a directory that cannot be used.</summary>
public sealed class FileLeaseStoreFaultTests : StoreFixture
{
    private string LockPath => Path.Combine(Root, ".lock");

    [Fact]
    public async Task A_lock_held_by_another_process_ends_in_one_line()
    {
        await using FileLeaseStore store = NewStore();
        using Process holder = StartLockHolder(LockPath);
        try
        {
            await holder.StandardOutput.ReadLineAsync(Cancel);
            Task<AcquiredLease> acquire = store.AcquireAsync(
                Config, new LeaseRequest(Owner("192.0.2.1"), null), Cancel);
            await Eventually.IsTrue(
                () => acquire.IsCompleted,
                () => "the wait for the lock",
                () => Time.Advance(TimeSpan.FromMilliseconds(100)));

            LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(() => acquire);
            Assert.Contains($"has held the lock {LockPath} for 10 s", refusal.Message, StringComparison.Ordinal);
        }
        finally
        {
            holder.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task The_lock_of_a_process_that_was_killed_is_free()
    {
        await using FileLeaseStore store = NewStore(TimeProvider.System);
        using (Process holder = StartLockHolder(LockPath))
        {
            await holder.StandardOutput.ReadLineAsync(Cancel);
            holder.Kill(entireProcessTree: true);
            await holder.WaitForExitAsync(Cancel);
        }

        await store.AcquireAsync(Config, new LeaseRequest(Owner("192.0.2.1"), null), Cancel);
    }

    [Fact]
    public async Task What_a_killed_writer_left_is_ignored_and_removed_after_a_minute()
    {
        PutText(".10.5.8.0-24.0123.tmp", "{", age: TimeSpan.FromSeconds(61));
        PutText(".10.5.9.0-24.4567.tmp", "{", age: TimeSpan.FromSeconds(59));
        PutText(".nfs0001", "{", age: TimeSpan.FromHours(1));

        await using FileLeaseStore store = NewStore();

        SubnetLease lease =
            (await store.AcquireAsync(Config, new LeaseRequest(Owner("192.0.2.1"), null), Cancel)).Lease;

        Assert.Equal([".10.5.9.0-24.4567.tmp", ".nfs0001", new SubnetKey(lease.Subnet).Format()], FileNames());
        Assert.Empty(Warnings);
    }

    [Fact]
    public async Task A_store_without_its_directory_is_one_line()
    {
        await using var store = new FileLeaseStore(Path.Combine(Root, "config", "below"), Time, Warn);

        LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(
            () => store.AcquireAsync(Config, new LeaseRequest(Owner("192.0.2.1"), null), Cancel));

        Assert.Contains(Path.Combine(Root, "config", "below"), refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public async Task A_write_that_fails_is_one_line_and_leaves_no_temporary_file()
    {
        Directory.CreateDirectory(FileOf("10.5.8.0-24"));
        await using FileLeaseStore store = NewStore();

        LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(
            () => store.RenewAsync(LeaseOf("10.5.8.0/24", "192.0.2.1"), Cancel));

        Assert.Contains("cannot renew the lease 10.5.8.0/24", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["10.5.8.0-24"], FileNames());
    }

    [Fact]
    public async Task Nothing_is_written_into_a_directory_without_a_config()
    {
        File.Delete(Path.Combine(Root, "config"));
        Directory.Delete(Subnets);
        await using FileLeaseStore store = NewStore();

        await Assert.ThrowsAsync<LeaseStoreException>(
            () => store.RenewAsync(LeaseOf("10.5.8.0/24", "192.0.2.1"), Cancel));

        Assert.False(Directory.Exists(Subnets));
    }

    // flock(1) of util-linux takes the same lock as the store does; the line says that it holds it.
    private static Process StartLockHolder(string path) =>
        Process.Start(new ProcessStartInfo("flock", [path, "sh", "-c", "echo held; exec tail -f /dev/null"])
        {
            RedirectStandardOutput = true,
        }) ?? throw new InvalidOperationException("flock did not start");
}
