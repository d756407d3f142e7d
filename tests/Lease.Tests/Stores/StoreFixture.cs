using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using Overlay.Lease.Stores;
using Overlay.Testing;

namespace Overlay.Lease.Tests.Stores;

/// <summary>A store's directory, its warnings, and short ways to write into it as another program does.</summary>
public abstract class StoreFixture : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly List<string> _warnings = [];

    private protected StoreFixture()
    {
        _directory.Write("""{"Network":"10.5.0.0/16"}""", "config");
        Directory.CreateDirectory(Subnets);
    }

    private protected string Root => _directory.Root;

    private protected string Subnets => _directory.PathOf("subnets");

    private protected ManualTime Time { get; } = new();

    private protected static CancellationToken Cancel => Xunit.TestContext.Current.CancellationToken;

    private protected NetworkConfig Config { get; } = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    private protected string[] Warnings
    {
        get
        {
            lock (_warnings)
            {
                return [.. _warnings];
            }
        }
    }

    public void Dispose()
    {
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected FileLeaseStore NewStore(TimeProvider? clock = null, int seed = 1) =>
        new(Root, clock ?? Time, Warn, new Random(seed));

    /// <summary>A watch without announcements, as on a network mount: only its looks find what changed.</summary>
    private protected WatchLog WatchWithoutEvents(TimeSpan reread)
    {
        var folder = new LeaseFolder(Subnets, Time, Warn);
        var watch = new FolderWatch(folder, new FolderEvents(Time), listen: () => { }, requireStore: () => { }, Config);
        return new WatchLog(Updates);

        async IAsyncEnumerable<LeaseUpdate> Updates([EnumeratorCancellation] CancellationToken stop)
        {
            await foreach (LeaseUpdate? update in watch.LooksAsync(reread, stop))
            {
                if (update is not null)
                {
                    yield return update;
                }
            }
        }
    }

    private protected void Warn(string line)
    {
        lock (_warnings)
        {
            _warnings.Add(line);
        }
    }

    private protected string FileOf(string name) => Path.Combine(Subnets, name);

    private protected string PutLease(string name, string publicIp, TimeSpan age = default) =>
        PutText(name, Leases.Value(publicIp), age);

    /// <summary>Writes as a careful tool does: the file appears whole.</summary>
    private protected string PutText(string name, string text, TimeSpan age = default)
    {
        string temporary = Path.Combine(Root, $"{Guid.NewGuid():N}");
        File.WriteAllText(temporary, text);
        File.SetLastWriteTimeUtc(temporary, (Time.GetUtcNow() - age).UtcDateTime);
        File.Move(temporary, FileOf(name), overwrite: true);
        return FileOf(name);
    }

    private protected string[] FileNames() =>
        [.. Directory.GetFileSystemEntries(Subnets)
            .Select(path => Path.GetFileName(path))
            .Order(StringComparer.Ordinal)];
}
