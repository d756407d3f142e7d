using System;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Daemon.Tests.Leases;
using Overlay.Lease;
using Xunit;

namespace Overlay.Daemon.Tests.Health;

public sealed class LeaseHealthTests : IAsyncLifetime
{
    private readonly LoopRig _rig = new(takes: lease => lease.Type != "vxlan");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task A_store_that_is_away_is_trouble_until_it_answers_again()
    {
        await _rig.BeginAsync();
        _rig.Store.Tell(new LeaseUpdate.Gap("connection refused"));
        await LoopRig.Until(() => Codes().SequenceEqual(["lease-store-away"]));
        Assert.Equal("connection refused", _rig.Health.ReadAll()[0].Cause);
        _rig.Store.Tell(new LeaseUpdate.Snapshot([_rig.Own]));
        await LoopRig.Until(() => Codes().Length == 0);
    }

    [Fact]
    public async Task A_renewal_that_fails_is_trouble_until_one_succeeds_and_a_lost_lease_until_there_is_another()
    {
        await _rig.BeginAsync();
        _rig.Store.Renew = _ => throw new LeaseStoreException("no space left");
        _rig.Store.Tell(new LeaseUpdate.OwnInQuestion("written by another"));
        await LoopRig.Until(() => Codes().SequenceEqual(["lease-in-question", "lease-renewal-failed"]));
        _rig.Store.Renew = own => own with { Expires = _rig.Time.GetUtcNow() + TimeSpan.FromHours(24) };
        await _rig.UntilWhile(TimeSpan.FromSeconds(10), () => Codes().Length == 0);

        _rig.Store.Renew = own => throw new LeaseLostException("172.16.0.9 has it");
        _rig.Store.Acquire = _ => throw new LeaseStoreException("no subnet is free");
        _rig.Store.Tell(new LeaseUpdate.OwnInQuestion("written by another"));
        await _rig.UntilWhile(TimeSpan.FromSeconds(1), () => Codes().Contains("lease-lost"));
        Assert.NotEmpty(_rig.Health.ReadNotReady());
        _rig.Store.Acquire = _ => new AcquiredLease(LoopRig.LeaseOf("10.5.77.0", "192.168.0.34"), true);
        await _rig.UntilWhile(TimeSpan.FromSeconds(10), () => Codes().Length == 0);
    }

    [Fact]
    public async Task A_lease_for_another_backend_is_trouble_while_it_is_there()
    {
        SubnetLease other = LoopRig.LeaseOf("10.5.9.0", "192.168.0.9");
        other = other with { Attributes = other.Attributes with { Backend = new BackendLeaseData("vxlan") } };
        await _rig.BeginAsync(other);
        await LoopRig.Until(() => Codes().SequenceEqual(["peer-other-backend"]));
        Assert.Equal("10.5.9.0/24", _rig.Health.ReadAll()[0].Subject);
        _rig.Store.Tell(new LeaseUpdate.Snapshot([_rig.Own]));
        await LoopRig.Until(() => Codes().Length == 0);
    }

    private string[] Codes() => [.. _rig.Health.ReadAll().Select(warning => warning.Code.Name)];
}
