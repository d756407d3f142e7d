using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Linux;
using Overlay.Linux.Netlink;

namespace Overlay.Lab;

/// <summary>Named network namespaces as ip-netns(8) keeps them.</summary>
public static class LabNamespace
{
    private const string Directory = "/run/netns";

    /// <summary>
    /// Those that exist and that a lab with this prefix can have made, sorted: a stranger's similar name is no lab's.
    /// </summary>
    public static IReadOnlyList<string> OfLab(string prefix)
    {
        HashSet<string> names = [.. new LabPlan(prefix, string.Empty, LabPlan.MaximumHosts).Namespaces];
        return System.IO.Directory.Exists(Directory)
            ? [.. System.IO.Directory.EnumerateFiles(Directory)
                .Select(Path.GetFileName)
                .OfType<string>()
                .Where(names.Contains)
                .Order()]
            : [];
    }

    /// <summary>Runs <paramref name="body"/> inside, on a thread of its own that ends afterwards.</summary>
    /// <param name="name">As <c>ip netns add</c> was given it.</param>
    /// <param name="body">Starts no thread. Sockets that it returns stay in the namespace and may be used
    /// anywhere.</param>
    public static T Run<T>(string name, Func<T> body)
    {
        using var inside = NetworkNamespace.Open(Path.Combine(Directory, name));
        return inside.Run(body);
    }

    /// <inheritdoc cref="Run{T}(string, Func{T})"/>
    public static void Run(string name, Action body)
    {
        using var inside = NetworkNamespace.Open(Path.Combine(Directory, name));
        inside.Run(body);
    }

    /// <summary>The index of an interface.</summary>
    /// <exception cref="LabException">There is none of that name.</exception>
    public static int InterfaceIndex(string name, string interfaceName) => Run(name, () =>
    {
        using var netlink = RouteNetlink.Open();
        return netlink.FindLink(interfaceName)?.Index
            ?? throw new LabException($"{name} has no interface {interfaceName}");
    });
}
