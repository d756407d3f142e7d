using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Capture.Text;
using Overlay.Diagnosis.Ping;
using Overlay.Net;
using Xunit;

namespace Overlay.Diagnosis.Tests.Ping;

public sealed class ExplanationTests
{
    private static readonly Ipv4Address s_host = Ipv4Address.Parse("172.16.0.4");
    private static readonly LadderPlan s_plan = new(
        new PingTarget(s_host, Ipv4Prefix.Parse("10.244.7.0/24"), Ipv4Address.Parse("10.244.7.2")),
        "udp", 8285, Ipv4Address.Parse("172.16.0.5"), 1472, TimeSpan.FromSeconds(1));

    private static readonly EchoAnswer s_silence = new(EchoOutcome.Silence);

    [Fact]
    public void All_layers_that_work_need_no_fix()
    {
        var explanation = Explanation.Of(s_plan, Steps());
        Assert.Null(explanation.Layer);
        Assert.Equal("", explanation.Fix);
    }

    [Theory]
    [InlineData(1, "Underlay", "it is down")]
    [InlineData(3, "Port", "nobody listens")]
    [InlineData(9, "Port", "a firewall on 172.16.0.4 rejects")]
    [InlineData(10, "Port", "a firewall on 172.16.0.4 rejects")]
    [InlineData(13, "Port", "a firewall on 172.16.0.4 rejects")]
    public void An_icmp_error_about_the_port_is_read_by_its_code(byte code, string layer, string meaning)
    {
        var explanation = Explanation.Of(s_plan, Steps((Layer.Port, StepResult.Failed, Unreachable(code))));
        Assert.Equal(layer, $"{explanation.Layer}");
        Assert.Contains(meaning, explanation.Meaning, StringComparison.Ordinal);
        Assert.NotEqual("", explanation.Fix);
    }

    [Theory]
    [InlineData(3, 0, "net unreachable")]
    [InlineData(3, 13, "communication prohibited by a filter")]
    [InlineData(11, 0, "time exceeded in-transit")]
    [InlineData(12, 0, "parameter problem")]
    public void An_icmp_error_is_called_what_a_capture_calls_it(byte type, byte code, string words)
    {
        EchoAnswer answer = new(EchoOutcome.IcmpError) { IcmpType = type, IcmpCode = code, Offender = s_host };
        Assert.Equal($"ICMP {type}/{code} ({words}) from {s_host}", $"{answer}");
        Assert.Equal(words, IcmpText.Name(type, code));
    }

    [Fact]
    public void A_firewall_on_the_way_is_named_by_its_address()
    {
        EchoAnswer answer = Unreachable(13) with { Offender = Ipv4Address.Parse("172.16.0.1") };
        var explanation = Explanation.Of(s_plan, Steps((Layer.Port, StepResult.Failed, answer)));
        Assert.Contains(
            "a firewall on 172.16.0.1, on the way to 172.16.0.4", explanation.Meaning, StringComparison.Ordinal);
        Assert.StartsWith("on 172.16.0.1: ", explanation.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void A_silent_port_is_stocks_when_the_tunnel_answers_and_filtered_when_it_does_not()
    {
        Assert.Contains(
            "stock flannel",
            Explanation.Of(s_plan, Steps((Layer.Port, StepResult.Unknown, s_silence))).Meaning,
            StringComparison.Ordinal);
        var filtered = Explanation.Of(s_plan, Steps(
            (Layer.Port, StepResult.Unknown, s_silence), (Layer.Overlay, StepResult.Failed, s_silence)));
        Assert.Equal(Layer.Port, filtered.Layer);
        var away = Explanation.Of(s_plan, Steps(
            (Layer.Underlay, StepResult.Unknown, s_silence), (Layer.Port, StepResult.Unknown, s_silence),
            (Layer.Overlay, StepResult.Failed, s_silence)));
        Assert.Equal(Layer.Underlay, away.Layer);
    }

    [Theory]
    [InlineData(0, "no route")]
    [InlineData(1, "has no pod at 10.244.7.2")]
    [InlineData(10, "does not hand it to the pod")]
    public void A_pod_that_is_not_reached_is_told_by_what_its_host_says(byte code, string meaning)
    {
        var explanation = Explanation.Of(s_plan, Steps((Layer.Pod, StepResult.Failed, Unreachable(code))));
        Assert.Equal(Layer.Pod, explanation.Layer);
        Assert.Contains(meaning, explanation.Meaning, StringComparison.Ordinal);
    }

    private static EchoAnswer Unreachable(byte code) => new(EchoOutcome.IcmpError)
    {
        IcmpType = 3,
        IcmpCode = code,
        Offender = s_host,
    };

    // All that is not given works.
    private static IReadOnlyList<LadderStep> Steps(
        params (Layer Layer, StepResult Result, EchoAnswer Answer)[] given) =>
        [
            .. Enum.GetValues<Layer>().Select(layer => given.FirstOrDefault(each => each.Layer == layer) is
                { Answer: { } answer } step
                ? new LadderStep(layer, "", "", step.Result, $"{answer}") { Answer = answer }
                : new LadderStep(layer, "", "", StepResult.Ok, "") { Answer = new EchoAnswer(EchoOutcome.Answered) }),
        ];
}
