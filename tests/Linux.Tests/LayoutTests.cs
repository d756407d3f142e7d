using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Text;
using Overlay.Linux.Interop;
using Xunit;

namespace Overlay.Linux.Tests;

/// <summary>Everything mirrored from C, compared with what gcc makes of the headers.</summary>
/// <remarks>
/// Found by reflection: a new constant, struct or field is checked without a change here, or listed below.
/// </remarks>
public sealed class LayoutTests
{
    // sys/socket.h before linux/*.h and net/if.h before linux/if*.h: then linux/libc-compat.h leaves out what glibc
    // has. netinet/udp.h and linux/icmp.h: linux/udp.h and netinet/ip_icmp.h define the same structs again.
    private static readonly string[] s_headers =
    [
        "stddef.h", "stdio.h", "errno.h", "fcntl.h", "limits.h", "poll.h", "sched.h", "signal.h", "time.h", "unistd.h",
        "sys/epoll.h", "sys/eventfd.h", "sys/file.h", "sys/ioctl.h", "sys/mman.h", "sys/prctl.h", "sys/resource.h",
        "sys/socket.h", "sys/stat.h", "sys/syscall.h", "sys/time.h", "sys/timerfd.h", "sys/types.h", "sys/uio.h", "sys/un.h",
        "netinet/in.h", "netinet/ip.h", "netinet/tcp.h", "netinet/udp.h", "net/if.h",
        "linux/errqueue.h", "linux/filter.h", "linux/icmp.h", "linux/if_addr.h", "linux/if_arp.h", "linux/if_ether.h",
        "linux/if_link.h", "linux/if_packet.h", "linux/if_tun.h", "linux/io_uring.h", "linux/neighbour.h", "linux/netlink.h",
        "linux/nsfs.h", "linux/rtnetlink.h", "linux/sock_diag.h", "linux/sockios.h",
        "linux/virtio_net.h",
    ];

    // Each with the reason why there is nothing to compare it with.
    private static readonly Dictionary<string, string> s_withoutCounterpart = new()
    {
        ["InterfaceNameBuffer"] = "char[IFNAMSIZ] has no name in C; its size is compared where ifreq.ifr_name is",
        ["TUN_F_USO4"] = "newer than the headers of distributions that are in use (Linux 6.2)",
        ["TUN_F_USO6"] = "newer than the headers of distributions that are in use (Linux 6.2)",
        ["VIRTIO_NET_HDR_GSO_UDP_L4"] = "newer than the headers of distributions that are in use (Linux 6.2)",
    };

    // Structs that grow at their end with new kernels: what we have is their beginning, and the whole is as long as the
    // headers are new.
    private static readonly string[] s_beginnings = ["rtnl_link_stats64"];

    private static readonly BindingFlags s_anyStatic =
        BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
    private static readonly BindingFlags s_anyInstance =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    [Fact]
    public void Every_constant_size_and_offset_is_what_the_compiler_says()
    {
        SortedDictionary<string, (string Expression, long Ours)> claims = CollectClaims();

        var source = new StringBuilder("#define _GNU_SOURCE\n");
        foreach (string header in s_headers)
        {
            source.Append(CultureInfo.InvariantCulture, $"#include <{header}>\n");
        }

        source.Append("int main(void)\n{\n");
        foreach ((string name, (string expression, _)) in claims)
        {
            source.Append(
                CultureInfo.InvariantCulture, $"    printf(\"{name}=%lld\\n\", (long long)({expression}));\n");
        }

        source.Append("    return 0;\n}\n");
        var theirs = CCompiler.CompileAndRun(source.ToString())
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('='))
            .ToDictionary(pair => pair[0], pair => long.Parse(pair[1], CultureInfo.InvariantCulture));

        string[] wrong = [.. claims
            .Where(claim => !theirs.TryGetValue(claim.Key, out long value) || value != claim.Value.Ours)
            .Select(claim => $"{claim.Key}: {claim.Value.Ours} here, {theirs.GetValueOrDefault(claim.Key)} in C")];
        Assert.True(wrong.Length == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Nothing_in_the_interop_namespace_escapes_the_comparison()
    {
        SortedDictionary<string, (string Expression, long Ours)> claims = CollectClaims();
        var missed = new List<string>();

        foreach (FieldInfo field in typeof(Native).GetFields(s_anyStatic).Where(IsWritten))
        {
            Check(field.Name, field.Name, "is not const: only a constant can be compared");
        }

        foreach (Type type in InteropTypes().Where(type => type != typeof(Native)))
        {
            Check(type.Name, $"sizeof {type.Name}", "is not a struct: what is it in C?");
            foreach (FieldInfo field in type.GetFields(s_anyInstance).Where(_ => type.IsValueType))
            {
                Check($"{type.Name}.{field.Name}", $"offsetof {type.Name}.{field.Name}", "is not compared", type.Name);
            }
        }

        Assert.True(missed.Count == 0, string.Join('\n', missed));

        void Check(string name, string claim, string problem, string? owner = null)
        {
            bool excused = s_withoutCounterpart.ContainsKey(name) || s_beginnings.Contains(name)
                || (owner is not null && s_withoutCounterpart.ContainsKey(owner));
            if (!claims.ContainsKey(claim) && !excused)
            {
                missed.Add($"{name} {problem}");
            }
        }
    }

    [Fact]
    public void Everything_listed_as_without_counterpart_still_exists()
    {
        var known = new HashSet<string>(typeof(Native).GetFields(s_anyStatic).Select(field => field.Name));
        foreach (Type type in InteropTypes())
        {
            known.Add(type.Name);
            known.UnionWith(type.GetFields(s_anyInstance).Select(field => $"{type.Name}.{field.Name}"));
        }

        Assert.Empty(s_withoutCounterpart.Keys.Concat(s_beginnings).Except(known));
    }

    /// <summary>What this assembly says about C: by name, the C expression and our value.</summary>
    private static SortedDictionary<string, (string Expression, long Ours)> CollectClaims()
    {
        var claims = new SortedDictionary<string, (string, long)>(StringComparer.Ordinal);
        foreach (FieldInfo field in typeof(Native).GetFields(s_anyStatic).Where(
            field => field.IsLiteral && IsWritten(field)))
        {
            if (!s_withoutCounterpart.ContainsKey(field.Name))
            {
                object value = field.GetRawConstantValue()!; // IsLiteral
                claims[field.Name] = (field.Name, Convert.ToInt64(value, CultureInfo.InvariantCulture));
            }
        }

        foreach (Errno errno in Enum.GetValues<Errno>().Where(errno => errno != Errno.None))
        {
            claims[errno.ToString()] = (errno.ToString(), (long)errno);
        }

        foreach (Type type in InteropTypes().Where(type => type.IsValueType && !type.IsEnum))
        {
            if (s_withoutCounterpart.ContainsKey(type.Name))
            {
                continue;
            }

            string c = $"struct {type.Name}";
            if (!s_beginnings.Contains(type.Name))
            {
                claims[$"sizeof {type.Name}"] = ($"sizeof({c})", SizeOf(type));
            }

            foreach (FieldInfo field in type.GetFields(s_anyInstance))
            {
                string name = $"{type.Name}.{field.Name}";
                if (!s_withoutCounterpart.ContainsKey(name))
                {
                    claims[$"offsetof {name}"] = ($"offsetof({c}, {field.Name})", OffsetOf(type, field));
                    claims[$"sizeof {name}"] = ($"sizeof((({c} *)0)->{field.Name})", SizeOf(field.FieldType));
                }
            }
        }

        return claims;
    }

    private static IEnumerable<Type> InteropTypes() => typeof(Native).Assembly.GetTypes()
        .Where(type => type.Namespace == typeof(Native).Namespace && IsWritten(type));

    private static bool IsWritten(MemberInfo member) =>
        !member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
        && member.DeclaringType?.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) != true;

    // Marshal.SizeOf and Marshal.OffsetOf describe the marshalled form; these measure the form that pointers see.
    private static long SizeOf(Type type)
    {
        var method = new DynamicMethod("SizeOf", typeof(int), [], typeof(LayoutTests), skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        il.Emit(OpCodes.Sizeof, type);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<int>>()();
    }

    private static long OffsetOf(Type type, FieldInfo field)
    {
        var method = new DynamicMethod("OffsetOf", typeof(int), [], typeof(LayoutTests), skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        il.DeclareLocal(type);
        il.Emit(OpCodes.Ldloca_S, (byte)0);
        il.Emit(OpCodes.Ldflda, field);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Ldloca_S, (byte)0);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Sub);
        il.Emit(OpCodes.Conv_I4);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<int>>()();
    }
}
