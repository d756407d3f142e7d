using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Etcd;

/// <summary>Real daemons on three members of one real etcd, each at an address of its own on the wire.</summary>
public sealed class EtcdClusterTests : LabTest
{
    private const string Elsewhere = "172.16.0.77";

    [Fact]
    public async Task One_of_three_members_stopped_and_then_the_leader_killed_costs_no_packet_and_no_change()
    {
        TestLab lab = NewLab(2);
        lab.AddWireAddresses(3);
        using var cluster = EtcdCluster.Start(
            new EtcdServerOptions
            {
                NetworkNamespace = lab.Plan.WireNamespace,
                Address = IPAddress.Parse(LabPlan.WireAddress),
            });
        using HttpClient http = EtcdGateway.CreateClient(lab.Plan.WireNamespace);
        EtcdServer leader = await LeaderAsync(cluster.Members, http);
        EtcdServer follower = cluster.Members.First(member => member != leader);
        Write(lab, cluster.Members, gateway => gateway.Put(LabEtcd.ConfigKey, TestLab.DefaultConfig));

        // Daemons prefer the first: host 1 has the one that is stopped, host 2 the one that is killed.
        lab.LeaseStore = [];
        IReadOnlyList<RunningProgram> daemons = lab.BringUp(
            [1, 2], number => ["--etcd-endpoints", Endpoints(cluster, number == 1 ? follower : leader)]);
        using var pings = new SteadyPing(lab, 1, 2);

        follower.Stop();
        IsSeen(lab, cluster.Members.Where(member => member != follower), "10.244.200.0/24", 2);
        follower.Restart();
        IsSeen(lab, cluster.Members, "10.244.201.0/24", 3);

        leader.Kill();
        EtcdServer[] left = [.. cluster.Members.Where(member => member != leader)];
        Assert.NotSame(leader, await LeaderAsync(left, http));
        IsSeen(lab, left, "10.244.202.0/24", 4);

        (int sent, int lost) = pings.Stop();
        Print($"{sent} pings sent, {lost} lost");
        Assert.Equal(0, lost);
        Assert.All(daemons, daemon => Assert.False(daemon.HasExited));
        Assert.All([1, 2], number => Assert.DoesNotContain("no_route", lab.Counters(number).Outbound.Drops.Keys));
        using var gateway = new EtcdGateway(lab.Plan.WireNamespace, left[0].Endpoint);
        Assert.All([1, 2], number => Assert.Equal(
            lab.Host(number).UnderlayAddress.ToString(), gateway.Lease(lab.Subnet(number).Subnet)?.PublicIp));
    }

    private static string Endpoints(EtcdCluster cluster, EtcdServer first) => string.Join(
        ',', cluster.Members.OrderBy(member => member != first)
            .Select(member => member.Endpoint.GetLeftPart(UriPartial.Authority)));

    private static void IsSeen(TestLab lab, IEnumerable<EtcdServer> members, string subnet, int routes)
    {
        Write(lab, members, gateway => gateway.PutLease(subnet, Elsewhere, gateway.Grant()));
        long written = Stopwatch.GetTimestamp();
        Await(() => lab.Counters(1).Routes == routes && lab.Counters(2).Routes == routes, () => lab.Logs());
        Print(
            $"{subnet}: known to both {Stopwatch.GetElapsedTime(written).TotalMilliseconds:0} ms after it was written");
    }

    // An election is over after a second or two; until then a write is refused or has no answer.
    private static void Write(TestLab lab, IEnumerable<EtcdServer> members, Action<EtcdGateway> write)
    {
        EtcdServer[] asked = [.. members];
        string refusal = string.Empty;
        Await(
            () =>
            {
                foreach (EtcdServer member in asked)
                {
                    using var gateway = new EtcdGateway(lab.Plan.WireNamespace, member.Endpoint);
                    try
                    {
                        write(gateway);
                        return true;
                    }
                    catch (LabException problem)
                    {
                        refusal = problem.Message;
                    }
                }

                return false;
            },
            () => refusal);
    }

    private static async Task<EtcdServer> LeaderAsync(IReadOnlyList<EtcdServer> members, HttpClient http)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < TestLab.Patience)
        {
            foreach (EtcdServer member in members)
            {
                if (await new EtcdAdministration(member.Endpoint, http).IsLeaderAsync(cancellation))
                {
                    return member;
                }
            }
        }

        throw new InvalidOperationException("no member leads");
    }
}
