using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Testing;
using Xunit;

namespace Overlay.Lease.Etcd.Tests.Store;

public sealed class EtcdLeaseStoreContractTests(
    SharedStoreLab etcd) : LeaseStoreContract, IClassFixture<SharedStoreLab>, IAsyncLifetime
{
    private int _stores;

    public async ValueTask InitializeAsync() => await etcd.Lab.ClearAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override ILeaseStore NewStore() => new Etcd.Store.EtcdLeaseStore(
        etcd.Lab.Options, etcd.Lab.Prefix, System.TimeProvider.System, Warn, new System.Random(_stores++));

    protected override async Task PutAsync(string name, string value) =>
        await etcd.Lab.PutAsync(etcd.Lab.KeyOf(name), value, await etcd.Lab.GrantAsync(86_400));

    protected override Task RemoveAsync(string name) => etcd.Lab.DeleteAsync(name);

    protected override async Task<IReadOnlyDictionary<string, string>> ReadAllAsync() => (await etcd.Lab.ReadAllAsync())
        .ToDictionary(kv => kv.Key.ToStringUtf8().Split('/')[^1], kv => kv.Value.ToStringUtf8());
}
