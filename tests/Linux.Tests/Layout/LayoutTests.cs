using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Reflection;
using System.Text;
using Tmds.Linux;
using Xunit;

namespace Overlay.Linux.Tests.Layout;

/// <summary>Everything declared of C, by us or by Tmds.LibC, compared with what gcc makes of the headers.</summary>
/// <remarks>
/// Found by reflection: a new constant, struct, field or use of the package is checked without a change here, or listed
/// with a reason.
/// </remarks>
public sealed class LayoutTests
{
    // sys/socket.h before linux/*.h and net/if.h before linux/if*.h: then linux/libc-compat.h leaves out what glibc
    // has. netinet/udp.h and linux/icmp.h: linux/udp.h and netinet/ip_icmp.h define the same structs again.
    private static readonly string[] s_headers =
    [
        "stddef.h", "stdio.h", "stdlib.h", "errno.h", "fcntl.h", "limits.h", "poll.h", "sched.h", "signal.h", "time.h",
        "unistd.h", "sys/epoll.h", "sys/eventfd.h", "sys/file.h", "sys/ioctl.h", "sys/mman.h", "sys/prctl.h",
        "sys/resource.h", "sys/socket.h", "sys/stat.h", "sys/syscall.h", "sys/time.h", "sys/timerfd.h", "sys/types.h",
        "sys/uio.h", "sys/un.h", "netinet/in.h", "netinet/ip.h", "netinet/tcp.h", "netinet/udp.h", "net/if.h",
        "linux/errqueue.h", "linux/fib_rules.h", "linux/filter.h", "linux/icmp.h", "linux/if_addr.h", "linux/if_arp.h",
        "linux/if_ether.h", "linux/if_link.h", "linux/if_packet.h", "linux/if_tun.h", "linux/io_uring.h",
        "linux/neighbour.h", "linux/net_namespace.h", "linux/netfilter/nf_tables.h", "linux/netfilter/nfnetlink.h",
        "linux/netlink.h", "linux/nsfs.h", "linux/rtnetlink.h", "linux/sock_diag.h", "linux/sockios.h",
        "linux/veth.h", "linux/virtio_net.h", "linux/ethtool.h", "linux/xfrm.h", "linux/netfilter_ipv4/ip_tables.h",
    ];

    // What stands here although Tmds.LibC has it, each with the reason.
    private static readonly Dictionary<string, string> s_declaredTwice = new()
    {
        ["ppoll"] = "Tmds.LibC's does not save errno",
        ["syscall"] = "Tmds.LibC's wraps each argument and the result in a struct; bpf(2) takes numbers and pointers",
        ["Errno"] = "the code switches on it, which needs constants; Tmds.LibC has properties",
    };

    [Fact]
    public void Every_constant_size_and_offset_is_what_the_compiler_says()
    {
        SortedDictionary<string, CClaim> claims = CDeclarations.Collect();
        Dictionary<string, long> theirs = AskCompiler(claims);
        string[] wrong = [.. claims
            .Where(claim => !theirs.TryGetValue(claim.Key, out long value) || value != claim.Value.Value)
            .Select(claim => $"{claim.Key}: {claim.Value.Value} here, {theirs.GetValueOrDefault(claim.Key)} in C")];
        Assert.True(wrong.Length == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Nothing_in_the_interop_namespace_escapes_the_comparison()
    {
        SortedDictionary<string, CClaim> claims = CDeclarations.Collect();
        var missed = new List<string>();
        foreach (FieldInfo field in CDeclarations.OwnMembers.OfType<FieldInfo>())
        {
            Check(field.Name, field.Name, "is not const: only a constant can be compared");
        }

        foreach (Type type in CDeclarations.OwnTypes)
        {
            Check(type.Name, $"sizeof {type.Name}", "is not a struct: what is it in C?");
            foreach (FieldInfo field in type.GetFields(CDeclarations.AnyInstance).Where(_ => type.IsValueType))
            {
                Check($"{type.Name}.{field.Name}", $"offsetof {type.Name}.{field.Name}", "is not compared", type.Name);
            }
        }

        Assert.True(missed.Count == 0, string.Join('\n', missed));

        void Check(string name, string claim, string problem, string? owner = null)
        {
            bool isExcused = CDeclarations.WithoutCounterpart.ContainsKey(name)
                || CDeclarations.Beginnings.Contains(name)
                || (owner is not null && CDeclarations.WithoutCounterpart.ContainsKey(owner));
            if (!claims.ContainsKey(claim) && !isExcused)
            {
                missed.Add($"{name} {problem}");
            }
        }
    }

    [Fact]
    public void Nothing_used_of_the_package_escapes_the_comparison()
    {
        SortedDictionary<string, CClaim> claims = CDeclarations.Collect();
        PackageUse package = CDeclarations.Package;
        Assert.Contains(nameof(LibC.AF_INET), package.Constants);
        Assert.Contains(nameof(LibC.recvmsg), package.Functions);
        Assert.Contains(typeof(in_addr), package.Structs); // only as a part of sockaddr_in
        Assert.Empty(package.Constants.Except(claims.Keys));
        Assert.Empty(package.Functions.Select(name => $"return of {name}").Except(claims.Keys));
        Assert.Empty(package.Structs.Select(type => $"sizeof {type.Name}").Except(claims.Keys));
    }

    [Fact]
    public void Everything_listed_as_without_counterpart_still_exists()
    {
        var known = new HashSet<string>(CDeclarations.OwnMembers.Select(member => member.Name));
        known.UnionWith(CDeclarations.OwnTypes.Select(type => type.Name));
        Assert.Empty(CDeclarations.WithoutCounterpart.Keys.Concat(CDeclarations.Beginnings).Except(known));
    }

    [Fact]
    public void What_Tmds_LibC_has_is_not_declared_here_again_unless_the_reason_is_listed()
    {
        var theirs = new HashSet<string>(typeof(LibC).GetMethods().Select(method => method.Name));
        theirs.UnionWith(typeof(LibC).GetProperties().Select(property => property.Name));
        theirs.UnionWith(typeof(LibC).Assembly.GetExportedTypes().Select(type => type.Name));

        string[] twice = [.. CDeclarations.OwnMembers.Select(member => member.Name)
            .Concat(CDeclarations.OwnTypes.Select(type => type.Name))
            .Where(theirs.Contains)];
        string? errno = Enum.GetNames<Errno>().Any(theirs.Contains) ? nameof(Errno) : null;
        Assert.Equal(
            s_declaredTwice.Keys.Order(StringComparer.Ordinal),
            twice.Append(errno).OfType<string>().Order(StringComparer.Ordinal));
    }

    private static Dictionary<string, long> AskCompiler(SortedDictionary<string, CClaim> claims)
    {
        var source = new StringBuilder("#define _GNU_SOURCE\n");
        foreach (string header in s_headers)
        {
            source.Append(CultureInfo.InvariantCulture, $"#include <{header}>\n");
        }

        source.Append("int main(void)\n{\n");
        foreach ((string name, CClaim claim) in claims)
        {
            source.Append(
                CultureInfo.InvariantCulture, $"    printf(\"{name}=%lld\\n\", (long long)({claim.Expression}));\n");
        }

        source.Append("    return 0;\n}\n");
        return CCompiler.CompileAndRun(source.ToString())
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('='))
            .ToDictionary(pair => pair[0], pair => long.Parse(pair[1], CultureInfo.InvariantCulture));
    }
}
