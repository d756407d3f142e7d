using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Net;

namespace Overlay.Diagnosis.Ping;

/// <summary>Tries the way to a peer layer by layer: <c>overlay ping --explain</c>.</summary>
/// <param name="plan">What is known.</param>
/// <param name="echo">Asks by ICMP.</param>
/// <param name="port">Asks daemons.</param>
internal sealed class Ladder(LadderPlan plan, EchoSocket echo, PortSocket port)
{
    private const int PingBytes = 84; // as ping(8)'s: 56 of data, the headers of ICMP and IPv4

    // Shorter than a VXLAN header without a flag is dropped unseen (RFC 7348, section 5).
    private static readonly byte[] s_knock = new byte[8];

    private static readonly TimeSpan s_shortestPatience = TimeSpan.FromMilliseconds(200);

    private readonly List<LadderStep> _steps = [];

    /// <summary>Climbs as far as there is something to try.</summary>
    /// <returns>Every step, in order.</returns>
    internal IReadOnlyList<LadderStep> Climb()
    {
        if (plan.Target.Lease is { } lease)
        {
            _steps.Add(lease);
        }

        if (plan.Target.Host is not { } host)
        {
            return _steps;
        }

        LadderStep underlay = TryUnderlay(host);
        _steps.Add(underlay);
        if (plan.Port is { } number)
        {
            Add(Layer.Port, () => TryPort(host, number));
        }

        Add(Layer.PathMtu, () => TryPathMtu(host, underlay));
        bool isLeased = plan.Target.Lease is null or { Result: StepResult.Ok };
        if (isLeased && plan.Target.Tunnel is { } tunnel && plan.Overhead > 0)
        {
            Add(Layer.Overlay, () => TryOverlay(tunnel));
        }

        if (isLeased && plan.Target.Pod is { } pod)
        {
            Add(Layer.Pod, () => TryPod(pod));
        }

        return _steps;
    }

    // Above a layer that fails nothing can be told, but for packets that are too long: shorter ones pass. A host
    // without a lease is asked all the same whether its daemon runs.
    private void Add(Layer layer, Func<LadderStep> attempt)
    {
        LadderStep? broken = _steps.FirstOrDefault(step => step.Result == StepResult.Failed
            && step.Layer is not (Layer.Lease or Layer.PathMtu));
        _steps.Add(broken is null
            ? attempt()
            : new LadderStep(layer, "", "", StepResult.Skipped, $"{PingText.Name(broken.Layer)} failed"));
    }

    private LadderStep TryUnderlay(Ipv4Address host)
    {
        EchoAnswer answer = AskTwice(() => echo.Ask(host, PingBytes, plan.Patience));
        StepResult result = answer.Outcome switch
        {
            EchoOutcome.Answered => StepResult.Ok,
            EchoOutcome.Silence => StepResult.Unknown, // many hosts answer no echo
            _ => answer.IsProhibited ? StepResult.Unknown : StepResult.Failed,
        };
        return new LadderStep(Layer.Underlay, OwnName, $"{host} icmp", result, $"{answer}") { Answer = answer };
    }

    private LadderStep TryPort(Ipv4Address host, ushort number)
    {
        EchoAnswer answer = AskTwice(() => plan.IsAnswered
            ? port.Ask(host, number, plan.Patience)
            : port.Knock(host, number, s_knock, plan.Patience));
        (StepResult result, string detail) = answer.Outcome switch
        {
            EchoOutcome.Answered => (StepResult.Ok, $"{answer}, overlay {answer.Release?.ToString(3)}"),
            EchoOutcome.Silence when plan.IsAnswered =>
                (StepResult.Unknown, "no answer and no error: stock flannel, or dropped on the way"),
            EchoOutcome.Silence => (StepResult.Unknown, "no error"),
            _ => (StepResult.Failed, $"{answer}"),
        };
        return new LadderStep(
            Layer.Port, $"udp {number}", $"{host} probe", result, detail) { Answer = answer };
    }

    private LadderStep TryPathMtu(Ipv4Address host, LadderStep underlay)
    {
        if (underlay.Result != StepResult.Ok)
        {
            return new LadderStep(Layer.PathMtu, "", $"{host}", StepResult.Skipped, "the host answers no echo");
        }

        // Many may be lost one after the other: each for as long as this host needs by far.
        TimeSpan patience = Max(s_shortestPatience, 10 * (underlay.Answer?.RoundTrip ?? plan.Patience));
        var found = PathMtu.Find(size => echo.Ask(host, size, patience));
        int? wanted = plan.Mtu + plan.Overhead;
        bool isEnough = wanted is not { } bytes || found.Passes >= bytes;
        return new LadderStep(
            Layer.PathMtu, wanted is { } needed ? $"needs {needed}" : "",
            $"{host} DF", isEnough ? StepResult.Ok : StepResult.Failed, $"{found}")
        {
            Passes = found.Passes,
        };
    }

    private LadderStep TryOverlay(Ipv4Address tunnel)
    {
        EchoAnswer answer = AskTwice(() => echo.Ask(tunnel, PingBytes, plan.Patience));
        return new LadderStep(
            Layer.Overlay, OwnName, $"{tunnel} via the tunnel", ResultOf(answer), WithTtl(answer)) { Answer = answer };
    }

    private LadderStep TryPod(Ipv4Address pod)
    {
        EchoAnswer answer = AskTwice(() => echo.Ask(pod, PingBytes, plan.Patience));
        return new LadderStep(
            Layer.Pod, OwnName, $"{pod}", ResultOf(answer), WithTtl(answer)) { Answer = answer };
    }

    private string OwnName => plan.Own is { } own ? $"{own}" : "this host";

    private static StepResult ResultOf(EchoAnswer answer) =>
        answer.Outcome == EchoOutcome.Answered ? StepResult.Ok : StepResult.Failed;

    private static string WithTtl(EchoAnswer answer) =>
        answer.Outcome == EchoOutcome.Answered ? $"{answer}, ttl {answer.TimeToLive}" : $"{answer}";

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    // The first one may be lost while a neighbour is resolved.
    private static EchoAnswer AskTwice(Func<EchoAnswer> ask) =>
        ask() is var first && first.Outcome != EchoOutcome.Silence ? first : ask();
}
