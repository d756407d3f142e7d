using System;
using System.Threading.Tasks;
using Overlay.Lease.Kubernetes.Tests.Infrastructure;
using Overlay.Testing.Kubernetes;

namespace Overlay.Lease.Kubernetes.Tests.Store;

public sealed class StandInContractTests : ApiServerContract, IAsyncDisposable
{
    private readonly StandInApiServer _server = new() { Token = "test" };

    internal override Task<KubeLab> LabAsync() => Task.FromResult(new KubeLab(_server.Url, null, "test"));

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
