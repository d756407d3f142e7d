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
    internal const string Direct =
        "direct", Routing =
            "routing", Vxlan =
                "vxlan", Offload =
                    "offload", OffloadWithACopy = "offload-with-a-copy", OffloadWithCopies = "offload-with-four-copies";

    /// <summary>What our daemons are started with beside the usual.</summary>
    internal IReadOnlyList<string> RunArguments { get; init; } = [];

    /// <summary>The user's, for a peer.</summary>
    internal string Command { get; init; } = string.Empty;

    /// <summary>Every variant of ours, in the order of the report: first what is fair to compare with.</summary>
    internal static IReadOnlyList<Variant> All { get; } =
    [
        new(Direct, VariantKind.Kernel, "host to host on the wire: what there is to be had"),
        new(Routing, VariantKind.Kernel, "pod to pod by routes alone, as flannel's host-gw: the fair bound for pods"),
        new(Vxlan, VariantKind.Kernel, "kernel VXLAN with flannel's parameters"),
        OfEngine("classic", "one packet a system call, one thread, as stock flannel's UDP mode"),
        OfEngine("batch", "single packets, many of them a system call on the socket"),
        OfEngine("pipeline", "as offload, each way in two threads joined by a pipe"),
        OfEngine(Offload, "superpackets and trains: the default"),
        new(OffloadWithACopy, VariantKind.Engine, "offload, and every byte read is copied once more, each way")
        {
            RunArguments = ["--engine", Offload, "--extra-copies", "1"],
        },
        new(OffloadWithCopies, VariantKind.Engine, "offload, and every byte read is copied four times more, each way")
        {
            RunArguments = ["--engine", Offload, "--extra-copies", "4"],
        },
        .. Accelerations.All.Select(Accelerations.Name).Select(name =>
            new Variant($"{Offload}-without-{name}", VariantKind.Engine, $"offload without {name}")
            {
                RunArguments = ["--engine", Offload, "--without", name],
            }),
    ];

    /// <summary>Those of a quick run: without the single accelerations and the four copies.</summary>
    internal static IReadOnlyList<Variant> Quick { get; } =
        [.. All.Where(variant => variant.Name != OffloadWithCopies
            && !variant.Name.StartsWith($"{Offload}-without-", StringComparison.Ordinal))];

    /// <summary>A command of the user's.</summary>
    internal static Variant Peer(string name, string command) =>
        new(name, VariantKind.Peer, "a command of the user's") { Command = command };

    private static Variant OfEngine(string name, string description) =>
        new(name, VariantKind.Engine, description) { RunArguments = ["--engine", name] };
}
