using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Trace;

/// <summary>Where a ping is sent from.</summary>
/// <param name="Pod">The pod; null for the host itself.</param>
/// <param name="Place">Its namespace.</param>
/// <param name="Address">Of the pod; null where the kernel chooses one of the host's.</param>
/// <param name="Note">How it was found, for people; null where it was named.</param>
internal sealed record TraceSource(Pod? Pod, NetworkNamespace Place, Ipv4Address? Address, string? Note)
{
    /// <summary>Names the host itself.</summary>
    internal const string HostWord = "host";

    private const string NamespaceFolder = "/run/netns/";

    /// <summary>In words, for people. Not masked.</summary>
    internal string Words => Pod is null
        ? "this host"
        : $"pod {Address} ({Pod.Inside.Name} of {Pod.PlaceName})";

    /// <summary>Finds it.</summary>
    /// <param name="from">As it was typed; null for the first pod on a bridge of this host.</param>
    /// <param name="host">This host.</param>
    /// <param name="own">This host's namespace.</param>
    /// <param name="subnet">Of this host's pods; null where nobody tells.</param>
    /// <exception cref="OperatorException">There is no such pod on this host.</exception>
    internal static TraceSource Find(string? from, HostView host, NamespaceFile own, Ipv4Prefix? subnet)
    {
        Ipv4Address AddressOf(Pod pod) =>
            pod.Addresses.Where(address => subnet?.Contains(address) == true).Append(pod.Addresses[0]).First();
        TraceSource Of(Pod pod, string? note) => new(pod, pod.Place, AddressOf(pod), note);
        Pod[] pods =
        [
            .. host.Pods.Where(pod => pod.Bridge is not null && subnet?.Contains(AddressOf(pod)) != false)
                .OrderBy(pod => AddressOf(pod).Value),
        ];
        switch (from)
        {
            case HostWord:
                return new TraceSource(null, host.Place, null, null);
            case null when pods.Length == 0:
                return new TraceSource(
                    null, host.Place, null,
                    "no pod is found behind a bridge of this host: the ping is from the host itself");
            case null:
                return Of(pods[0], pods.Length == 1 ? null
                    : $"it is the first of {pods.Length} pods of this host; --from names another, or the host: host");
        }

        if (Ipv4Address.TryParse(from, out Ipv4Address address))
        {
            return host.Pods.FirstOrDefault(pod => pod.Addresses.Contains(address)) is { } named
                ? Of(named, null)
                : throw new OperatorException($"--from is {address}, and no pod of this host has it; {Known(pods)}");
        }

        string path = from.All(char.IsAsciiDigit) ? $"/proc/{from}/ns/net"
            : from.Contains('/') ? from : NamespaceFolder + from;
        if (NetworkNamespaces.Find(path) is not { } file)
        {
            throw new OperatorException(
                $"--from is '{from}', and there is no {path}; give a pod's address, a process id, or a name of ip "
                    + $"netns list; {Known(pods)}");
        }

        return file.Number == own.Number
            ? new TraceSource(null, host.Place, null, null)
            : host.Pods.FirstOrDefault(pod => pod.File.Number == file.Number) is { } found
                ? Of(found, null)
                : throw new OperatorException(
                    $"--from is '{from}', and no veth of this host leads to it; {Known(pods)}");

        string Known(IReadOnlyCollection<Pod> all) => all.Count == 0
            ? "no pod is found behind a bridge of this host; --from host pings from the host itself"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"pods here: {string.Join(", ", all.Take(5).Select(AddressOf))}{(all.Count > 5 ? ", …" : "")}");
    }
}
