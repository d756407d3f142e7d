using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Overlay.Testing;

namespace Overlay.Lease.Tests.Stores;

/// <summary>A store's directory, what it warned of, and short ways to write into it behind the store's back.</summary>
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

    private protected FileLeaseStore NewStore(TimeProvider? time = null, int seed = 1, bool inotify = true) =>
        new(Root, time ?? Time, Warn, new Random(seed)) { UsesInotify = inotify };

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

    /// <summary>As a careful tool writes: the file appears whole.</summary>
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
