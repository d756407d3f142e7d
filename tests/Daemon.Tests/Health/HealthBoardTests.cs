using System;
using System.Linq;
using Overlay.Health;
using Overlay.Testing;
using Xunit;

namespace Overlay.Daemon.Tests.Health;

public sealed class HealthBoardTests
{
    private readonly ManualTime _time = new();
    private readonly HealthBoard _board;

    public HealthBoardTests() => _board = new HealthBoard(_time);

    [Fact]
    public void Trouble_is_shown_once_it_has_lasted_and_no_longer_than_it_lasts()
    {
        _board.Raise(HealthCodes.TunDown, "flannel0", "it is down");
        Assert.Empty(_board.ReadVisible());
        Assert.Equal(["tun-down"], _board.ReadNotReady().Select(warning => warning.Code.Name));
        DateTimeOffset since = _time.GetUtcNow();
        _time.Advance(HealthCodes.TunDown.TimeToVisible);
        _board.Raise(HealthCodes.TunDown, "flannel0", "it is still down", "ip link set flannel0 up");
        HealthWarning warning = Assert.Single(_board.ReadVisible());
        Assert.Equal(
            ("flannel0", "it is still down", "ip link set flannel0 up", since),
            (warning.Subject, warning.Cause, warning.Remedy, warning.Since));
        _board.Clear(HealthCodes.TunDown, "flannel0");
        Assert.Empty(_board.ReadAll());
        _board.Raise(HealthCodes.TunDown, "flannel0", "again");
        Assert.Empty(_board.ReadVisible());
    }

    [Fact]
    public void A_cause_is_shown_to_everybody_without_passwords_and_on_one_line()
    {
        _board.Raise(HealthCodes.LeaseStoreAway, "etcd", "https://root:word@10.0.0.1:2379:\n\u001b[2Jrefused");
        Assert.Equal("https://***@10.0.0.1:2379:??[2Jrefused", _board.ReadAll()[0].Cause);
    }

    [Fact]
    public void A_cause_hides_what_it_brings_about()
    {
        _board.Raise(HealthCodes.PeerUnreachable, "172.16.0.4", "no answer");
        _board.Raise(HealthCodes.LeaseStoreAway, "", "refused");
        _board.Raise(HealthCodes.UnderlayDown, "eth0", "it is down");
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(
            ["underlay-down", "lease-store-away"], _board.ReadVisible().Select(warning => warning.Code.Name));
        _board.Set(HealthCodes.UnderlayDown, "eth0", null);
        Assert.Equal(
            ["lease-store-away", "peer-unreachable"], _board.ReadVisible().Select(warning => warning.Code.Name));
    }

    [Fact]
    public void Subjects_that_are_not_among_those_in_trouble_any_longer_are_cleared()
    {
        foreach (string peer in new[] { "172.16.0.4", "172.16.0.5", "172.16.0.6" })
        {
            _board.Raise(HealthCodes.PeerDaemonDown, peer, "port unreachable");
        }

        _board.Raise(HealthCodes.PeerUnreachable, "172.16.0.4", "host unreachable");
        _board.ClearExcept(HealthCodes.PeerDaemonDown, ["172.16.0.5"]);
        Assert.Equal(
            ["172.16.0.5"],
            _board.ReadAll().Where(warning => warning.Code == HealthCodes.PeerDaemonDown).Select(one => one.Subject));
        _board.Clear(HealthCodes.PeerDaemonDown);
        Assert.Equal(["peer-unreachable"], _board.ReadAll().Select(warning => warning.Code.Name));
    }

    [Fact]
    public void Every_code_is_there_once_and_depends_on_codes_that_are_there()
    {
        string[] names = [.. HealthCodes.All.Select(code => code.Name)];
        Assert.Equal(names.Distinct(), names);
        Assert.All(HealthCodes.All, code => Assert.Empty(code.DependsOn.Except(names)));
        Assert.All(HealthCodes.All, code => Assert.DoesNotContain(code.Name, code.DependsOn));
    }

    [Fact]
    public void Repairs_are_counted_by_what_was_put_back()
    {
        _board.Repairs.Add(RepairedObject.SubnetFile);
        _board.Repairs.Add(RepairedObject.Route, 3);
        Assert.Equal((1, 3, 0), (
            _board.Repairs.Of(RepairedObject.SubnetFile), _board.Repairs.Of(RepairedObject.Route),
            _board.Repairs.Of(RepairedObject.Link)));
        Assert.Equal(3, _board.Repairs.Read()["route"]);
        Assert.Equal(1, _board.Repairs.Read()["subnet_file"]);
    }
}
