using System.Collections.Generic;
using System.Linq;
using Overlay.Firewall;
using Overlay.Net;
using Xunit;

namespace Overlay.Daemon.Tests.Firewall;

/// <summary>Whether a host's own firewall certainly drops what peers send to it.</summary>
public sealed class InputObstacleTests
{
    // As ufw 0.36 has it with "deny (incoming)", shortened.
    private const string Ufw = """
        :INPUT DROP [0:0]
        :ufw-before-input - [0:0]
        :ufw-not-local - [0:0]
        :ufw-user-input - [0:0]
        :ufw-logging-deny - [0:0]
        -A INPUT -j ufw-before-input
        -A ufw-before-input -i lo -j ACCEPT
        -A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A ufw-before-input -m conntrack --ctstate INVALID -j DROP
        -A ufw-before-input -p icmp -m icmp --icmp-type 8 -j ACCEPT
        -A ufw-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT
        -A ufw-before-input -j ufw-not-local
        -A ufw-before-input -d 224.0.0.251/32 -p udp -m udp --dport 5353 -j ACCEPT
        -A ufw-before-input -j ufw-user-input
        -A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN
        -A ufw-not-local -m limit --limit 3/min --limit-burst 10 -j ufw-logging-deny
        -A ufw-not-local -j DROP
        -A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
        -A ufw-logging-deny -j LOG --log-prefix "[UFW BLOCK] "

        """;

    // As firewalld 1.3 has it, shortened.
    private const string Firewalld = """
        table inet firewalld {
        	chain filter_INPUT {
        		type filter hook input priority filter + 10; policy accept;
        		ct state { established, related } accept
        		ct status dnat accept
        		iifname "lo" accept
        		ct state invalid drop
        		jump filter_INPUT_ZONES
        		reject with icmpx admin-prohibited
        	}
        	chain filter_INPUT_ZONES {
        		iifname "eth0" goto filter_IN_public
        		goto filter_IN_public
        	}
        	chain filter_IN_public {
        		jump filter_IN_public_allow
        		meta l4proto { icmp, ipv6-icmp } accept
        		reject with icmpx admin-prohibited
        	}
        	chain filter_IN_public_allow {
        		tcp dport 22 ct state { new, untracked } accept
        		ip6 daddr fe80::/64 udp dport 546 ct state { new, untracked } accept
        	}
        }
        """;

    [Theory]
    [InlineData("ufw allow proto udp from PEERS to any port 8285", Ufw)]
    [InlineData(null, Ufw + "-A ufw-user-input -s 172.16.0.0/24 -p udp -m udp --dport 8285 -j ACCEPT")]
    [InlineData(null, Ufw + "-A ufw-user-input -p udp -m multiport --dports 53,8000:9000 -j ACCEPT")]
    [InlineData("iptables -I INPUT -p udp --dport 8285 -j ACCEPT", """
        :INPUT ACCEPT [0:0]
        -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
        -A INPUT -p icmp -j ACCEPT
        -A INPUT -i lo -j ACCEPT
        -A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
        -A INPUT -j REJECT --reject-with icmp-host-prohibited
        """)]
    [InlineData("iptables -I INPUT -p udp --dport 8285 -j ACCEPT", """
        :INPUT ACCEPT [0:0]
        -A INPUT -i eth0 -p udp -m udp --dport 8285 -m comment --comment "no -j ACCEPT" -j DROP
        """)]
    // what is not certain, of another port, of another interface
    [InlineData(null, ":INPUT DROP [0:0]\n-A INPUT -m set --match-set peers src -j ACCEPT")]
    [InlineData(null, ":INPUT DROP [0:0]\n-A INPUT -j NFQUEUE --queue-num 1")]
    [InlineData(null, ":INPUT ACCEPT [0:0]\n-A INPUT -s 10.9.0.0/24 -j DROP")]
    [InlineData(null, ":INPUT ACCEPT [0:0]\n-A INPUT -p udp -m udp --dport 53 -j DROP")]
    [InlineData(null, ":INPUT DROP [0:0]\n-A INPUT ! -i eth1 -j ACCEPT")]
    public void W5_W6_what_iptables_and_ufw_drop_of_the_underlays_port_is_named_with_the_line_to_type(
        string? remedy, string rules)
    {
        IReadOnlyList<FirewallObstacle> found = IptablesObstacles.Find(
            IptablesListing.Parse($"*filter\n{rules}\nCOMMIT\n"), WithPort, isInUse: true, "iptables");

        Assert.Equal(remedy is null ? [] : [$"let it in: {remedy}"], found.Select(obstacle => obstacle.Remedy));
        Assert.All(found, obstacle => Assert.Equal("firewall-input-reject", obstacle.Code.Name));
        Assert.Empty(IptablesObstacles.Find(
            IptablesListing.Parse($"*filter\n{rules}\nCOMMIT\n"), Traffic.Both, isInUse: true, "iptables")); // host-gw
    }

    [Theory]
    [InlineData("firewall-cmd --permanent --add-port=8285/udp && firewall-cmd --reload", "")]
    [InlineData(null, "udp dport 8285 ct state { new, untracked } accept")]
    [InlineData(null, "ip saddr 172.16.0.0/24 udp dport { 53, 8000-9000 } accept")]
    [InlineData(null, "ip saddr @peers accept")]
    public void W5_what_firewalld_rejects_of_the_underlays_port_is_named_with_the_line_to_type(
        string? remedy, string allowed) => Assert.Equal(
        remedy is null ? [] : [$"let it in: {remedy}"],
        Find(
            "inet firewalld", "filter_INPUT", "accept",
            NftPlan.Parse(Firewalld.Replace("\ttcp dport 22", $"{allowed}\n\t\ttcp dport 22"))));

    [Theory]
    [InlineData(true, "ct state vmap { established : accept, invalid : drop }", "iif \"lo\" accept")]
    [InlineData(true, "udp dport != 53 counter packets 0 bytes 0 log prefix \"in: \" drop", "accept")]
    [InlineData(true, "iifname vmap { \"lo\" : accept, \"eth0\" : drop }", "accept")]
    [InlineData(false, "udp dport vmap { 8285 : accept }")]
    [InlineData(false, "iifname \"eth*\" meta l4proto udp th dport 8285 accept")]
    [InlineData(false, "fib daddr type local accept")]
    [InlineData(false, "iifname vmap @verdicts")]
    [InlineData(false, "jump elsewhere")]
    public void W5_what_another_chain_of_input_drops_is_named_where_that_is_certain(
        bool isFound, params string[] rules) => Assert.Equal(
            isFound ? ["let it in: nft insert rule inet guard in udp dport 8285 accept"] : [],
            Find(
                "inet guard", "in", "drop",
                new Dictionary<string, NftFoundChain> { ["in"] = new(string.Empty, rules) }));

    private static OverlayTraffic WithPort => Traffic.Both with
    {
        Datagrams =
        [
            new ProbePacket(
                "eth0", Out: null, Ipv4Prefix.Parse("0.0.0.0/0"), Ipv4Prefix.Parse("172.16.0.2/32"), UdpPort: 8285),
        ],
    };

    private static IEnumerable<string> Find(
        string table, string chain, string policy, IReadOnlyDictionary<string, NftFoundChain> chains) =>
        NftObstacles.Find(
            $"table {table} {{\n\tchain {chain} {{\n\t\ttype filter hook input priority filter; policy {policy};\n"
                + "\t}\n}",
            WithPort, _ => chains).Select(obstacle => obstacle.Remedy);
}
