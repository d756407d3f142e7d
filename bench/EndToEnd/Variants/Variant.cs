using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Bench.Results;
using Overlay.Router.Workers;

namespace Overlay.Bench.Variants;

/// <summary>One way from pod to pod, as it is to be set up.</summary>
/// <param name="Name">In tables: lower case, no blank.</param>
/// <param name="Kind">Who carries the packets.</param>
/// <param name="Description">In one sentence.</param>
internal sealed record Variant(string Name, VariantKind Kind, string Description)
{
    internal const string Direct = "direct";
    internal const string Routing = "routing";
    internal const string Vxlan = "vxlan";
    internal const string HostGwBackend = "host-gw-backend";
    internal const string VxlanBackend = "vxlan-backend";
    internal const string Offload = "offload";
    internal const string KernelPath = "kernel-path";
    internal const string OffloadWithACopy = "offload-with-a-copy";
    internal const string OffloadWithCopies = "offload-with-four-copies";

    // An option of `overlay run`: with it, packets go through user space, where each call is counted.
    private const string Meter = "--meter";

    /// <summary>What our daemons are started with beside the usual.</summary>
    internal IReadOnlyList<string> RunArguments { get; init; } = [];

    /// <summary>The lease store's <c>config</c>; null for that of the udp backend.</summary>
    internal string? NetworkConfig { get; init; }

    /// <summary>
    /// The interface that packets of a backend which does not forward by itself come through; null for the others.
    /// </summary>
    internal string? Device { get; init; }

    /// <summary>The user's, for a peer.</summary>
    internal string Command { get; init; } = string.Empty;

    /// <summary>Every variant of ours, in the order of the report: first what is fair to compare with.</summary>
    internal static IReadOnlyList<Variant> All { get; } =
    [
        new(Direct, VariantKind.Kernel, "host to host on the wire: what there is to be had"),
        new(Routing, VariantKind.Kernel, "pod to pod by routes alone, as flannel's host-gw: the fair bound for pods"),
        new(Vxlan, VariantKind.Kernel, "kernel VXLAN with flannel's parameters"),
        OfBackend(HostGwBackend, "host-gw", "eth0", "our host-gw backend: routes, made by our daemons"),
        OfBackend(VxlanBackend, "vxlan", "flannel.1", "our vxlan backend: kernel VXLAN, set up by our daemons"),
        OfEngine("classic", "one packet a system call, one thread, as stock flannel's UDP mode"),
        OfEngine("batch", "single packets, many of them a system call on the socket"),
        OfEngine("pipeline", "as offload, each way in two threads joined by a pipe"),
        OfEngine(Offload, "superpackets and trains: what user space does by default"),
        new(KernelPath, VariantKind.Backend, "our udp backend in the kernel, but for floods of UDP: the default")
        {
            RunArguments = ["--datapath", "kernel"],
        },
        new(OffloadWithACopy, VariantKind.Engine, "offload, and every byte read is copied once more, each way")
        {
            RunArguments = ["--engine", Offload, "--extra-copies", "1", Meter],
        },
        new(OffloadWithCopies, VariantKind.Engine, "offload, and every byte read is copied four times more, each way")
        {
            RunArguments = ["--engine", Offload, "--extra-copies", "4", Meter],
        },
        .. Accelerations.All.Select(Accelerations.Name).Select(name =>
            new Variant($"{Offload}-without-{name}", VariantKind.Engine, $"offload without {name}")
            {
                RunArguments = ["--engine", Offload, "--without", name, Meter],
            }),
    ];

    /// <summary>Those of a quick run: without the single accelerations, the four copies and host-gw.</summary>
    internal static IReadOnlyList<Variant> Quick { get; } =
        [.. All.Where(variant => variant.Name is not (OffloadWithCopies or HostGwBackend)
            && !variant.Name.StartsWith($"{Offload}-without-", StringComparison.Ordinal))];

    /// <summary>A command of the user's.</summary>
    internal static Variant Peer(string name, string command) =>
        new(name, VariantKind.Peer, "a command of the user's") { Command = command };

    private static Variant OfEngine(string name, string description) =>
        new(name, VariantKind.Engine, description) { RunArguments = ["--engine", name, Meter] };

    private static Variant OfBackend(string name, string type, string device, string description) =>
        new(name, VariantKind.Backend, description)
        {
            NetworkConfig = $$$"""{"Network":"10.244.0.0/16","Backend":{"Type":"{{{type}}}"}}""",
            Device = device,
        };
}
