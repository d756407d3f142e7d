using System.Collections.Generic;
using System.Linq;

namespace Overlay.Diagnosis.Ping;

/// <summary>What the steps mean: the first layer that fails, why, and what to type where.</summary>
/// <param name="Layer">The layer; null when all works.</param>
/// <param name="Meaning">One line.</param>
/// <param name="Fix">A line to type, with where; empty when there is nothing to do.</param>
internal sealed record Explanation(Layer? Layer, string Meaning, string Fix)
{
    private const string StartIt = "systemctl start overlay (or flanneld), and compare Backend.Port of both hosts";

    private const string Accept =
        "iptables -I FORWARD -i flannel0 -j ACCEPT && iptables -I FORWARD -o flannel0 -j ACCEPT";

    /// <summary>Draws the conclusion.</summary>
    /// <param name="plan">What was known.</param>
    /// <param name="steps">What was seen.</param>
    internal static Explanation Of(LadderPlan plan, IReadOnlyList<LadderStep> steps)
    {
        LadderStep? Step(Layer layer) => steps.FirstOrDefault(step => step.Layer == layer);
        string host = $"{plan.Target.Host}";
        LadderStep? overlay = Step(Ping.Layer.Overlay);
        bool isOverlayDead = overlay is { Result: StepResult.Failed };
        if (Step(Ping.Layer.Lease) is { Result: StepResult.Failed } lease)
        {
            return OfLease(plan, lease, Step(Ping.Layer.Port));
        }

        if (Step(Ping.Layer.Underlay) is { Result: StepResult.Failed, Answer: { } away })
        {
            return OfUnderlay(host, away);
        }

        if (Step(Ping.Layer.Port) is { Result: StepResult.Failed, Answer: { } refused })
        {
            return OfPort(plan, host, refused);
        }

        bool isPortSilent = Step(Ping.Layer.Port) is { Result: StepResult.Unknown };
        if (isOverlayDead && isPortSilent && overlay!.Answer!.Outcome == EchoOutcome.Silence)
        {
            return Step(Ping.Layer.Underlay) is { Result: StepResult.Ok }
                ? new Explanation(
                    Ping.Layer.Port,
                    $"{host} is reached, but UDP port {plan.Port} is dropped in silence, by a firewall on the way, a "
                        + "cloud's security group, or at one of the two hosts",
                    $"let UDP {plan.Port} in both ways: in the security group, and on {host}: iptables -I INPUT -p udp "
                        + $"--dport {plan.Port} -j ACCEPT")
                : new Explanation(
                    Ping.Layer.Underlay,
                    $"nothing comes back from {host}: it is down, or its lease names an address that it does not have",
                    $"on that host: ip -4 address; give its daemon the right --iface or --public-ip");
        }

        if (Step(Ping.Layer.PathMtu) is { Result: StepResult.Failed } narrow)
        {
            return OfPathMtu(plan, host, narrow);
        }

        if (isOverlayDead)
        {
            return OfOverlay(plan, host, overlay!.Answer!);
        }

        if (Step(Ping.Layer.Pod) is { Result: StepResult.Failed, Answer: { } pod })
        {
            return OfPod(plan, host, pod);
        }

        return new Explanation(
            null,
            isPortSilent && plan.IsAnswered && overlay is { Result: StepResult.Ok }
                ? "all layers work; the peer runs stock flannel, which does not answer the port's probe"
                : isPortSilent && overlay is null
                    ? "no layer that could be tried fails; without a daemon of ours here nobody tells the peer's subnet"
                    : "all layers work",
            "");
    }

    private static Explanation OfLease(LadderPlan plan, LadderStep lease, LadderStep? port) => new(
        Ping.Layer.Lease,
        plan.Target.Subnet is { } subnet
            ? $"{subnet} is leased, but not used: {lease.Detail}"
            : plan.Target.Host is { } host
                ? $"{host} holds no lease: it has ended, or was never taken"
                    + (port is { Result: StepResult.Ok } ? "; its daemon runs" : "")
                : $"no host has a subnet with {lease.From}: its lease has ended, or was never taken",
        plan.Target.Subnet is not null
            ? "have both hosts run the same Backend.Type"
            : "on that host: systemctl restart overlay (or flanneld), and see its log; here: overlay lease list");

    private static Explanation OfUnderlay(string host, EchoAnswer answer) => answer switch
    {
        { Outcome: EchoOutcome.Refused } => new Explanation(
            Ping.Layer.Underlay, $"this host has no way to {host}: {answer.Refusal}", $"ip route get {host}"),
        { IcmpCode: 1, IcmpType: 3 } => new Explanation(
            Ping.Layer.Underlay,
            $"no host answers at {host}: it is down, or its lease names an address that it does not have",
            "on that host: ip -4 address; give its daemon the right --iface or --public-ip"),
        _ => new Explanation(
            Ping.Layer.Underlay, $"{answer.Offender} does not pass packets on to {host}: {answer}",
            $"ip route get {host}, and the routes of {answer.Offender}"),
    };

    private static Explanation OfPort(LadderPlan plan, string host, EchoAnswer answer)
    {
        if (answer is { Outcome: EchoOutcome.IcmpError, IcmpType: 3, IcmpCode: 0 or 1 })
        {
            return OfUnderlay(host, answer); // a neighbour that is not there is noticed after seconds
        }

        if (answer.IsPortUnreachable)
        {
            return new Explanation(
                Ping.Layer.Port,
                plan.IsAnswered
                    ? $"nobody listens on UDP port {plan.Port} of {host}: its daemon is stopped, or has another port"
                    : $"{host} has no VXLAN device at UDP port {plan.Port}",
                $"on {host}: {StartIt}");
        }

        if (answer.IsProhibited)
        {
            string where = answer.Offender == plan.Target.Host ? host : $"{answer.Offender}, on the way to {host}";
            return new Explanation(
                Ping.Layer.Port,
                $"a firewall on {where} rejects UDP port {plan.Port}: {answer}",
                $"on {answer.Offender}: firewall-cmd --permanent --add-port={plan.Port}/udp && firewall-cmd "
                    + $"--reload, or iptables -I INPUT -p udp --dport {plan.Port} -j ACCEPT");
        }

        return answer.Outcome == EchoOutcome.Refused
            ? new Explanation(
                Ping.Layer.Port, $"this host does not send to UDP port {plan.Port} of {host}: {answer.Refusal}",
                $"here: iptables -S OUTPUT; nft list ruleset; ip route get {host}")
            : new Explanation(Ping.Layer.Port, $"{host} is not reached: {answer}", $"ip route get {host}");
    }

    private static Explanation OfPathMtu(LadderPlan plan, string host, LadderStep step) => new(
        Ping.Layer.PathMtu,
        $"packets of full size do not get to {host} whole: {step.Detail}; the pods' MTU of {plan.Mtu} {step.From}",
        step.Passes > plan.Overhead
            ? $"run every host's daemon with --mtu {step.Passes - plan.Overhead}, and start its pods anew"
            : $"find the hop with the small MTU: tracepath {host}");

    private static Explanation OfOverlay(LadderPlan plan, string host, EchoAnswer answer) => answer switch
    {
        { Outcome: EchoOutcome.Refused } => new Explanation(
            Ping.Layer.Overlay, $"this host has no way to {plan.Target.Tunnel}: {answer.Refusal}", "overlay doctor"),
        { IsProhibited: true } => new Explanation(
            Ping.Layer.Overlay, $"a firewall on {host} rejects what comes out of its tunnel: {answer}",
            $"on {host}: firewall-cmd --permanent --zone=trusted --add-interface=flannel0 --add-interface=cni0 && "
                + "firewall-cmd --reload"),
        { Outcome: EchoOutcome.IcmpError } => new Explanation(
            Ping.Layer.Overlay, $"the tunnel's other end is not reached: {answer}",
            $"overlay doctor, here and on {host}"),
        _ => new Explanation(
            Ping.Layer.Overlay,
            $"the port is reached, but nothing comes out of the tunnel of {host}, or nothing comes back: a firewall "
                + "drops what enters or leaves the tunnel's interface, or a reverse-path filter does",
            $"overlay doctor, here and on {host}"),
    };

    private static Explanation OfPod(LadderPlan plan, string host, EchoAnswer answer) => answer switch
    {
        { IcmpType: 3, IcmpCode: 1 } => new Explanation(
            Ping.Layer.Pod, $"{host} has no pod at {plan.Target.Pod}: {answer}",
            $"on {host}: ip neighbour show {plan.Target.Pod}; is the pod still there?"),
        { IcmpType: 3, IcmpCode: 0 } => new Explanation(
            Ping.Layer.Pod, $"{host} has no route to {plan.Target.Pod}: its pods' bridge is missing, or down",
            $"on {host}: ip address show cni0; overlay doctor"),
        _ => new Explanation(
            Ping.Layer.Pod,
            answer.Outcome == EchoOutcome.IcmpError
                ? $"{host} does not hand it to the pod: {answer}"
                : $"{host} is reached through the tunnel and the pod does not answer: its FORWARD chain drops what "
                    + "goes to pods, or the pod itself does",
            $"on {host}: {Accept}; overlay doctor"),
    };
}
