using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Overlay.Linux.Interop;
using Tmds.Linux;

namespace Overlay.Linux.Tests.Layout;

/// <summary>One claim about C.</summary>
/// <param name="Expression">What C is asked.</param>
/// <param name="Value">What the declaration here makes of it.</param>
internal readonly record struct CClaim(string Expression, long Value);

/// <summary>What src/Linux says about C: its own declarations, and those of Tmds.LibC that it uses.</summary>
internal static class CDeclarations
{
    internal const BindingFlags AnyStatic = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
    internal const BindingFlags AnyInstance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Each with the reason why there is nothing to compare it with.</summary>
    internal static readonly Dictionary<string, string> WithoutCounterpart = new()
    {
        ["InterfaceNameBuffer"] = "char[IFNAMSIZ] has no name in C; its size is compared where ifreq.ifr_name is",
        ["TUN_F_USO4"] = "newer than the headers of distributions that are in use (Linux 6.2)",
        ["TUN_F_USO6"] = "newer than the headers of distributions that are in use (Linux 6.2)",
        ["VIRTIO_NET_HDR_GSO_UDP_L4"] = "newer than the headers of distributions that are in use (Linux 6.2)",
    };

    /// <summary>
    /// Structs that grow at their end with new kernels: here is their beginning, and the whole is as long as the
    /// headers are new.
    /// </summary>
    internal static readonly string[] Beginnings = ["rtnl_link_stats64"];

    /// <summary>C's name where Tmds.LibC had to choose another one.</summary>
    private static readonly Dictionary<string, string> s_cNames = new()
    {
        ["long_t"] = "long",
        ["ulong_t"] = "unsigned long",
    };

    /// <summary>Constants and functions of our own.</summary>
    internal static IEnumerable<MemberInfo> OwnMembers { get; } =
        [.. typeof(Native).GetMembers(AnyStatic).Where(
            member => member is FieldInfo or MethodInfo && IsWritten(member))];

    /// <summary>Structs of our own.</summary>
    internal static IEnumerable<Type> OwnTypes { get; } = [.. typeof(Native).Assembly.GetTypes()
        .Where(type => type.Namespace == typeof(Native).Namespace && type != typeof(Native) && IsWritten(type))];

    /// <summary>What is used of Tmds.LibC.</summary>
    internal static PackageUse Package { get; } = PackageUse.Read(typeof(Native).Assembly);

    /// <summary>Everything that can be compared, by a name that says what it is.</summary>
    internal static SortedDictionary<string, CClaim> Collect()
    {
        var claims = new SortedDictionary<string, CClaim>(StringComparer.Ordinal);
        foreach (FieldInfo field in OwnMembers.OfType<FieldInfo>().Where(field => field.IsLiteral))
        {
            if (!WithoutCounterpart.ContainsKey(field.Name))
            {
                claims[field.Name] = new CClaim(field.Name, AsNumber(field.GetRawConstantValue()!)); // IsLiteral
            }
        }

        foreach (Errno errno in Enum.GetValues<Errno>().Where(errno => errno != Errno.None))
        {
            claims[errno.ToString()] = new CClaim(errno.ToString(), (long)errno);
        }

        foreach (string name in Package.Constants)
        {
            PropertyInfo constant = typeof(LibC).GetProperty(name) ?? throw new MissingMemberException(name);
            claims[name] = new CClaim(name, AsNumber(constant.GetValue(null)!)); // every constant has a value type
        }

        foreach (MethodInfo function in OwnMembers.OfType<MethodInfo>().Concat(PackageFunctions()))
        {
            claims[$"return of {function.Name}"] = ReturnOf(function);
        }

        foreach (Type type in OwnTypes.Where(type => type.IsValueType && !WithoutCounterpart.ContainsKey(type.Name)))
        {
            AddStruct(claims, type);
        }

        foreach (Type type in Package.Structs)
        {
            AddStruct(claims, type);
        }

        return claims;
    }

    /// <summary>True for what stands in a source file; generated call stubs do not.</summary>
    private static bool IsWritten(MemberInfo member) =>
        !member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
        && !member.Name.StartsWith('<')
        && member.DeclaringType?.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) != true;

    private static IEnumerable<MethodInfo> PackageFunctions() => typeof(LibC).GetMethods(AnyStatic)
        .Where(method => method.IsPublic && !method.IsSpecialName && Package.Functions.Contains(method.Name))
        .DistinctBy(method => method.Name);

    // That it compiles says that the function exists and has so many parameters.
    private static CClaim ReturnOf(MethodInfo function)
    {
        string arguments = string.Join(", ", function.GetParameters().Select(_ => "0"));
        return new CClaim($"sizeof({function.Name}({arguments}))", MemoryLayout.SizeOf(function.ReturnType));
    }

    private static void AddStruct(SortedDictionary<string, CClaim> claims, Type type)
    {
        bool isTypedef = type.Name.EndsWith("_t", StringComparison.Ordinal);
        string c = isTypedef ? s_cNames.GetValueOrDefault(type.Name, type.Name) : $"struct {type.Name}";
        if (!Beginnings.Contains(type.Name))
        {
            claims[$"sizeof {type.Name}"] = new CClaim($"sizeof({c})", MemoryLayout.SizeOf(type));
        }

        foreach (FieldInfo field in type.GetFields(AnyInstance).Where(_ => !isTypedef))
        {
            if (FieldName(field) is { } name)
            {
                claims[$"offsetof {type.Name}.{name}"] =
                    new CClaim($"offsetof({c}, {name})", MemoryLayout.OffsetOf(type, field));
                claims[$"sizeof {type.Name}.{name}"] =
                    new CClaim($"sizeof((({c} *)0)->{name})", MemoryLayout.SizeOf(field.FieldType));
            }
        }
    }

    // C's name. Tmds.LibC has properties, whose fields are <name>k__BackingField or _name; __name is padding.
    private static string? FieldName(FieldInfo field)
    {
        string name = Regex.Match(field.Name, "^<(.+)>k__BackingField$") is { Success: true } property
            ? property.Groups[1].Value
            : field.Name;
        bool isOfPackage = field.DeclaringType?.Assembly == typeof(LibC).Assembly;
        return !isOfPackage ? name
            : name.StartsWith("__", StringComparison.Ordinal) ? null
            : name.TrimStart('_');
    }

    private static long AsNumber(object value) => value is IConvertible
        ? Convert.ToInt64(value, CultureInfo.InvariantCulture)
        : AsNumber(value.GetType().GetFields(AnyInstance).Single().GetValue(value)!); // an integer type of C
}
