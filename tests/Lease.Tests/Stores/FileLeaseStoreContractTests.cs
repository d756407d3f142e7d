using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using Overlay.Lease.Stores;
using Overlay.Testing;

namespace Overlay.Lease.Tests.Stores;

public sealed class FileLeaseStoreContractTests : LeaseStoreContract, IDisposable
{
    private readonly TestDirectory _directory = new();

    public FileLeaseStoreContractTests()
    {
        _directory.Write("""{"Network":"10.5.0.0/16"}""", "config");
        Directory.CreateDirectory(_directory.PathOf("subnets"));
    }

    public void Dispose() => _directory.Dispose();

    protected override ILeaseStore NewStore() => new FileLeaseStore(_directory.Root, TimeProvider.System, Warn);

    // Writes as a careful tool does: the file appears whole.
    protected override async Task PutAsync(string name, string value)
    {
        string temporary = _directory.PathOf($"{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(temporary, value, Cancel);
        File.Move(temporary, _directory.PathOf("subnets", name), overwrite: true);
    }

    protected override Task RemoveAsync(string name)
    {
        File.Delete(_directory.PathOf("subnets", name));
        return Task.CompletedTask;
    }

    protected override async Task<IReadOnlyDictionary<string, string>> ReadAllAsync()
    {
        Dictionary<string, string> entries = [];
        foreach (string path in Directory.GetFiles(_directory.PathOf("subnets")))
        {
            entries.Add(Path.GetFileName(path), await File.ReadAllTextAsync(path, Cancel));
        }

        return entries;
    }
}
