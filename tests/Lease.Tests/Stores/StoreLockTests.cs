using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Win32.SafeHandles;
using Overlay.Lease.Stores;
using Overlay.Linux;
using Xunit;

namespace Overlay.Lease.Tests.Stores;

/// <summary>One writer at a time, from the very first lock on.</summary>
public sealed class StoreLockTests : StoreFixture
{
    private const int Writers = 4, Rounds = 30;

    private string LockPath => Path.Combine(Root, ".lock");

    [Fact]
    public async Task Of_many_that_make_the_first_lock_at_once_one_holds_it()
    {
        File.SetUnixFileMode(Root, File.GetUnixFileMode(Root) | UnixFileMode.GroupWrite);
        int holders = 0, most = 0;
        using var start = new Barrier(Writers);
        var writers = new Task[Writers];
        for (int i = 0; i < Writers; i++)
        {
            writers[i] = Task.Factory.StartNew(Race, Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        await Task.WhenAll(writers);
        Assert.Equal(1, most);

        void Race()
        {
            for (int round = 0; round < Rounds; round++)
            {
                var directory = new LeaseDirectory(Root, TimeProvider.System, new Nodes());
                start.SignalAndWait(Cancel);
                using (directory.LockAsync(Cancel).GetAwaiter().GetResult())
                {
                    int now = Interlocked.Increment(ref holders);
                    most = Math.Max(most, now);
                    Thread.Yield();
                    Interlocked.Decrement(ref holders);
                }

                start.SignalAndWait(Cancel);
                File.Delete(LockPath); // by whoever comes first
            }
        }
    }

    [Fact]
    public async Task A_lock_that_was_replaced_before_it_was_held_is_given_up_for_the_one_that_is_there()
    {
        var nodes = new Nodes();
        nodes.OnLocked = () =>
        {
            nodes.OnLocked = null;
            File.Delete(LockPath);
            File.WriteAllText(LockPath, "another");
        };
        var directory = new LeaseDirectory(Root, TimeProvider.System, nodes);

        using IDisposable held = await directory.LockAsync(Cancel);

        Assert.Equal(2, nodes.Locked);
        Assert.Throws<IOException>(() => File.ReadAllText(LockPath)); // it is this one that is held
        Assert.Equal("another".Length, new FileInfo(LockPath).Length);
    }

    private sealed class Nodes : IFileNodes
    {
        internal Action? OnLocked { get; set; }

        internal int Locked { get; private set; }

        public (uint User, uint Group)? OwnersOf(string path) => FileNode.OwnersOf(path);

        public bool IsAt(SafeFileHandle file, string path)
        {
            Locked++;
            OnLocked?.Invoke();
            return FileNode.IsAt(file, path);
        }

        public void ShareWithGroup(string path, string directory) => FileNode.ShareWithGroup(path, directory);
    }
}
