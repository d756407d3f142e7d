using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Overlay.Lab;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>One lease key as etcd has it.</summary>
/// <param name="Subnet"><c>10.244.1.0-24</c>.</param>
/// <param name="Json">The value.</param>
/// <param name="LeaseId">The etcd lease the key ends with; 0 for a reservation.</param>
/// <param name="ModRevision">Of the latest write.</param>
internal sealed record LeaseKey(string Subnet, string Json, long LeaseId, long ModRevision)
{
    /// <summary>The public address in the value; empty when there is none.</summary>
    internal string PublicIp => $"{JsonNode.Parse(Json)?["PublicIP"]}";
}

/// <summary>
/// A lab whose leases are in a real etcd on its wire, and what tests write into that etcd in place of other hosts.
/// </summary>
internal static class EtcdLab
{
    /// <summary>Beyond any test.</summary>
    private const int LeaseSeconds = 24 * 60 * 60;

    // etcd's own limit for the operations of one transaction (--max-txn-ops).
    private const int OperationsPerTransaction = 128;

    /// <summary>
    /// Starts the lab's etcd, puts the network config into it, and points the daemons started from now on to it.
    /// </summary>
    internal static LabEtcd StartEtcd(this TestLab lab, string config = TestLab.DefaultConfig)
    {
        Prerequisites.RequireEtcd();
        var etcd = LabEtcd.Start(lab.Plan, lab.Ip, TestContext.Current.CancellationToken);
        etcd.Gateway.Put(LabEtcd.ConfigKey, config);
        lab.LeaseStore = etcd.DaemonArguments;
        return etcd;
    }

    /// <summary>
    /// Gives the wire so many addresses, from the first on, for members that a test starts by itself.
    /// </summary>
    internal static void AddWireAddresses(this TestLab lab, int count)
    {
        byte[] first = IPAddress.Parse(LabPlan.WireAddress).GetAddressBytes();
        lab.Ip.Batch(
            lab.Plan.WireNamespace,
            [
                "link set lo up",
                .. Enumerable.Range(0, count)
                    .Select(i => $"{first[0]}.{first[1]}.{first[2]}.{first[3] + i}/{LabPlan.UnderlayPrefixLength}")
                    .Select(address => $"addr add {address} dev {LabTopology.Wire}"),
            ]);
    }

    /// <summary>
    /// Makes everything between a host and etcd vanish without a word, as a firewall does, and leaves its other traffic
    /// alone.
    /// </summary>
    /// <returns>Mends it when disposed.</returns>
    internal static IDisposable CutFromEtcd(this TestLab lab, int number) => new Cut(lab, lab.Host(number));

    /// <summary>An etcd lease of a day, as every host's key has one.</summary>
    internal static long Grant(this EtcdGateway etcd) =>
        long.Parse(
            $"{etcd.Post("lease/grant", new JsonObject { ["TTL"] = $"{LeaseSeconds}" })["ID"]}",
            CultureInfo.InvariantCulture);

    /// <summary>Writes a lease as another host does.</summary>
    /// <param name="etcd">Where.</param>
    /// <param name="subnet"><c>10.244.1.0/24</c>.</param>
    /// <param name="publicIp">The other host's address.</param>
    /// <param name="lease">An etcd lease; 0 makes it a reservation.</param>
    internal static void PutLease(this EtcdGateway etcd, string subnet, string publicIp, long lease) =>
        etcd.Put(KeyOf(subnet), LeaseText.Value(publicIp), lease);

    /// <summary>Writes many leases of other hosts at once.</summary>
    internal static void PutLeases(
        this EtcdGateway etcd, IEnumerable<(string Subnet, string PublicIp)> leases, long lease)
    {
        foreach ((string Subnet, string PublicIp)[] some in leases.Chunk(OperationsPerTransaction))
        {
            JsonArray operations = [];
            foreach ((string subnet, string publicIp) in some)
            {
                operations.Add(new JsonObject
                {
                    ["request_put"] = new JsonObject
                    {
                        ["key"] = EtcdGateway.Base64(KeyOf(subnet)),
                        ["value"] = EtcdGateway.Base64(LeaseText.Value(publicIp)),
                        ["lease"] = $"{lease}",
                    },
                });
            }

            _ = etcd.Post("kv/txn", new JsonObject { ["success"] = operations });
        }
    }

    /// <summary>Deletes a lease, as an operator does.</summary>
    internal static void DeleteLease(this EtcdGateway etcd, string subnet) =>
        _ = etcd.Post("kv/deleterange", new JsonObject { ["key"] = EtcdGateway.Base64(KeyOf(subnet)) });

    /// <summary>Forgets all history up to now.</summary>
    internal static void CompactAll(this EtcdGateway etcd)
    {
        JsonNode now = etcd.Post("kv/range", new JsonObject { ["key"] = EtcdGateway.Base64(LabEtcd.ConfigKey) });
        _ = etcd.Post(
            "kv/compaction", new JsonObject { ["revision"] = $"{now["header"]?["revision"]}", ["physical"] = true });
    }

    /// <summary>Every key below <c>subnets/</c>, good or bad.</summary>
    internal static IReadOnlyList<LeaseKey> Leases(this EtcdGateway etcd) =>
    [
        .. etcd.Read(LabEtcd.SubnetKeys).Select(pair => new LeaseKey(
            Text(pair["key"])[LabEtcd.SubnetKeys.Length..], Text(pair["value"]), Number(pair["lease"]),
            Number(pair["mod_revision"]))),
    ];

    /// <summary>One lease.</summary>
    /// <param name="etcd">Where.</param>
    /// <param name="subnet"><c>10.244.1.0/24</c>.</param>
    /// <returns>Null when there is none.</returns>
    internal static LeaseKey? Lease(this EtcdGateway etcd, string subnet) =>
        etcd.Leases().FirstOrDefault(key => key.Subnet == subnet.Replace('/', '-'));

    /// <summary>The key of a lease.</summary>
    internal static string KeyOf(string subnet) => LabEtcd.SubnetKeys + subnet.Replace('/', '-');

    private static string Text(JsonNode? base64) => Encoding.UTF8.GetString(Convert.FromBase64String($"{base64}"));

    // The gateway leaves out what is 0.
    private static long Number(JsonNode? node) =>
        node is null ? 0 : long.Parse($"{node}", CultureInfo.InvariantCulture);

    // Frames to a station that does not exist. No firewall has to be installed for that, and it is as silent as one.
    private sealed class Cut : IDisposable
    {
        private const string Nobody = "02:00:00:00:00:99";

        private readonly TestLab _lab;
        private readonly HostPlan _host;

        internal Cut(TestLab lab, HostPlan host)
        {
            _lab = lab;
            _host = host;
            Both(host => $"neigh replace {host} lladdr {Nobody} nud permanent dev");
        }

        public void Dispose() => Both(host => $"neigh del {host} dev");

        private void Both(Func<string, string> command)
        {
            _lab.Ip.Batch(_host.HostNamespace, [$"{command(LabPlan.WireAddress)} eth0"]);
            _lab.Ip.Batch(_lab.Plan.WireNamespace, [$"{command(_host.UnderlayAddress.ToString())} {LabTopology.Wire}"]);
        }
    }
}
